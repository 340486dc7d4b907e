import type { ServiceProcess } from '@capstan/local-stack/service-process';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: a capturer dies, or stands still past its claim, at the worst moments: its attempt is on record and the call
// has not left, or the call has had its effect and the answer is not recorded.
// Goal: another capturer finds out by reading; every payment is created and captured once.

const CALL_MS = 2_000;
/** Nobody else takes over before send window, call and margin have passed. */
const TAKEOVER_MS = 2_000 + CALL_MS + 3_000;

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  const capturer = { CONOMY_CALL_TIMEOUT_MS: String(CALL_MS), ABSENCE_SPAN_MS: '3000' };
  stack = await startTestStack({ env: { capturer }, capturers: 2 });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

const setFaults = (...rules: object[]) => client.control('faults', { seed: 1, rules });

async function sendCollect() {
  const command = collect();
  const { status, body } = await client.send(command);
  expect(status).toBe(202);
  return { id: body.command.id as string, externalId: command.payment.externalId };
}

const viewOf = async (id: string) => (await client.get(`/v1/commands/${id}`)).body.command;

async function effectsOf(externalId: string) {
  const { payments } = await client.ledger();
  return payments.filter((payment) => payment.externalId === externalId).map(({ effects }) => effects);
}

/** The capturer that holds the command. */
async function holderOf(id: string): Promise<ServiceProcess> {
  const worker = await until(
    async () => {
      const rows = await askDatabase<{ worker: string }>(
        stack,
        'select claimed_by as worker from commands where id = $1 and claimed_until > capstan_now()',
        [id],
      );
      return rows[0]?.worker;
    },
    { deadlineMs: 10_000, what: `a capturer to hold command ${id}` },
  );
  const holder = stack.capturers.find(({ pid }) => worker.endsWith(`-${pid}`));
  if (!holder) throw new Error(`${worker} is none of the capturers`);
  return holder;
}

async function expectSucceededOnce({ id, externalId }: { id: string; externalId: string }) {
  await until(async () => (await viewOf(id)).status === 'succeeded', {
    deadlineMs: TAKEOVER_MS + 25_000,
    what: `command ${id} to succeed`,
  });
  expect(await effectsOf(externalId)).toMatchObject([{ create: 1, capture: 1 }]);
}

describe('a capturer that is killed', () => {
  test('before its call leaves: the call is made once absence is established', {
    timeout: 60_000,
  }, async () => {
    // The first call of a fresh deployment needs a token, and that is slow to come: the attempt is on record, and nothing has left.
    await setFaults({ operation: 'auth', fault: 'slow', delayMs: CALL_MS - 200 });
    const sent = await sendCollect();
    const holder = await holderOf(sent.id);
    await until(async () => (await viewOf(sent.id)).attempts.length === 1, {
      deadlineMs: 5_000,
      what: 'the attempt to be on record',
    });
    await holder.kill('SIGKILL');
    expect(await effectsOf(sent.externalId)).toEqual([]);
    await setFaults();
    await expectSucceededOnce(sent);
    await holder.restart();
    expect((await viewOf(sent.id)).attempts[0]).toMatchObject({
      operation: 'create',
      outcome: 'unknown',
      resolution: 'retryable',
      reason: 'worker_lost',
    });
  });

  test.each(['create', 'capture'] as const)(
    "after the provider's effect of its %s: the effect is found and not made again",
    { timeout: 60_000 },
    async (operation) => {
      await setFaults({ operation, fault: 'commit-then-timeout', count: 1 });
      const sent = await sendCollect();
      await until(async () => (await effectsOf(sent.externalId))[0]?.[operation] === 1, {
        deadlineMs: 10_000,
        what: `the effect of the ${operation}`,
      });
      const holder = await holderOf(sent.id);
      await holder.kill('SIGKILL');
      await expectSucceededOnce(sent);
      await holder.restart();
      const { attempts } = await viewOf(sent.id);
      expect(attempts).toHaveLength(2);
      expect(attempts).toContainEqual(
        expect.objectContaining({ operation, outcome: 'unknown', resolution: 'succeeded' }),
      );
    },
  );

  test('while it reads what became of its create: another reads after the time of one call', {
    timeout: 60_000,
  }, async () => {
    await setFaults(
      { operation: 'create', fault: 'commit-then-timeout', count: 1 },
      { operation: 'list', fault: 'slow', delayMs: CALL_MS - 200, count: 1 },
    );
    const sent = await sendCollect();
    await until(async () => (await viewOf(sent.id)).status === 'unresolved', {
      deadlineMs: 10_000,
      what: 'the answer to be lost',
    });
    const holder = await holderOf(sent.id);
    await holder.kill('SIGKILL');
    const [claim] = await askDatabase<{ leftMs: number }>(
      stack,
      `select (extract(epoch from claimed_until - capstan_now()) * 1000)::float8 as "leftMs" from commands where id = $1`,
      [sent.id],
    );
    expect(claim?.leftMs).toBeLessThanOrEqual(CALL_MS + 3_000);
    await expectSucceededOnce(sent);
    await holder.restart();
    const { attempts } = await viewOf(sent.id);
    expect(attempts[0]).toMatchObject({ operation: 'create', outcome: 'unknown', resolution: 'succeeded' });
  });
});

test('a capturer stopped past its claim writes nothing when it wakes up', { timeout: 60_000 }, async () => {
  await setFaults({ operation: 'capture', fault: 'commit-then-timeout', count: 1, delayMs: CALL_MS - 500 });
  const sent = await sendCollect();
  await until(async () => (await effectsOf(sent.externalId))[0]?.capture === 1, {
    deadlineMs: 10_000,
    what: 'the effect of the capture',
  });
  const holder = await holderOf(sent.id);
  process.kill(holder.pid, 'SIGSTOP');
  try {
    await expectSucceededOnce(sent);
  } finally {
    process.kill(holder.pid, 'SIGCONT');
  }
  const before = await viewOf(sent.id);
  await until(() => holder.lastLines().some((line) => line.includes('command.claim_lost')), {
    deadlineMs: 10_000,
    what: 'the stopped capturer to notice that it lost its claim',
  });
  expect(await viewOf(sent.id)).toEqual(before);
  expect(await effectsOf(sent.externalId)).toMatchObject([{ create: 1, capture: 1 }]);
});
