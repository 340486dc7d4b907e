/** A notAfter instant bounds the first byte of every step: what is not under way by then is canceled, wherever it stands. */
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { endPastDeadline } from '../src/end-past-deadline.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertCreate,
  insertDocument,
  insertLater,
  openCapturerFixture,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

const PAST = '2020-01-01T00:00:00Z';
const CANCELED = { status: 'canceled', problem: { code: 'deadline_passed' } };
const refused: ProviderResult<ObservedPayment> = {
  ok: false,
  failure: { stage: 'not_sent', reason: 'connect_refused' },
};
const lost: ProviderResult<ObservedPayment> = {
  ok: false,
  failure: { stage: 'no_clear_answer', reason: 'timeout' },
};

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const command = (id: string) => findCommand(fixture.pool, id);
const passes = (id: string) =>
  fixture.pool.query('update commands set not_after = $2 where id = $1', [id, PAST]);
const providing = (over: Partial<CapturerContext['provider']>): CapturerContext => ({
  ...fixture.context,
  provider: { ...fixture.context.provider, ...over },
});

async function ledgerOf(externalId: string) {
  const { payments } = await fixture.control('ledger');
  return (payments as { externalId: string }[]).filter((payment) => payment.externalId === externalId);
}

describe('a command that waits', () => {
  test('for its next try after a refused connection is canceled, and the command behind it with it', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const behind = await insertLater(fixture.pool, paymentKey, 'capture', 'blocked');
    await executeCommand(providing({ createPayment: async () => refused }), id);
    expect(await command(id)).toMatchObject({ status: 'executing' });
    await passes(id);
    await endPastDeadline(fixture.context);
    expect(await command(id)).toMatchObject({ ...CANCELED, stepsDone: 0 });
    expect(await command(behind)).toMatchObject({
      status: 'rejected',
      problem: { code: 'predecessor_failed' },
    });
    expect(await ledgerOf(externalId)).toEqual([]);
    const { rows } = await fixture.pool.query(
      'select external_id_released_at is not null as free from payments where key = $1',
      [paymentKey],
    );
    expect(rows).toEqual([{ free: true }]);
  });

  test('in a long line, its job never taken, is canceled', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { notAfter: PAST });
    await endPastDeadline(fixture.context);
    expect(await command(id)).toMatchObject(CANCELED);
    expect(await ledgerOf(externalId)).toEqual([]);
  });

  test('for its second step is canceled, the first stays done, and the command behind it runs', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const behind = await insertLater(fixture.pool, paymentKey, 'capture', 'blocked');
    await executeCommand(providing({ capturePayment: async () => refused }), id);
    await passes(id);
    await endPastDeadline(fixture.context);
    expect(await command(id)).toMatchObject({ ...CANCELED, stepsDone: 1 });
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ status: 'CREATED' });
    expect(await runToItsEnd(fixture, behind)).toMatchObject({ status: 'succeeded' });
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });

  test('while its instant has not come is left alone', async () => {
    const { id } = await insertCreate(fixture.pool, { notAfter: inMs(60_000) });
    await endPastDeadline(fixture.context);
    expect(await command(id)).toMatchObject({ status: 'accepted' });
  });

  test('for the review that holds a step it has sent is not canceled, and ends as the review does', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const { capturePayment, readPayment } = fixture.context.provider;
    let isReviewed = true;
    const reviewed: typeof readPayment = async (...call) => {
      const read = await readPayment(...call);
      return read.ok && isReviewed ? { ...read, value: { ...read.value, status: 'REQUIRES_REVIEW' } } : read;
    };
    const context = providing({
      capturePayment: async (...call) => {
        const answer = await capturePayment(...call);
        return answer.ok ? { ...answer, value: { ...answer.value, status: 'REQUIRES_REVIEW' } } : answer;
      },
      readPayment: reviewed,
    });
    await executeCommand(context, id);
    await passes(id);
    await endPastDeadline(context);
    expect(await command(id)).toMatchObject({ status: 'executing', waitsFor: 'review' });
    isReviewed = false;
    await fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);
    expect(await runToItsEnd({ ...fixture, context }, id)).toMatchObject({ status: 'succeeded' });
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { capture: 1 } }]);
  });
});

describe('a blocked command', () => {
  test('is canceled at its instant; the one before it and the one behind it keep their order', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool, { then: [] });
    const late = await insertLater(fixture.pool, paymentKey, 'capture', 'blocked', inMs(200));
    const behind = await insertLater(fixture.pool, paymentKey, 'authorize', 'blocked');
    await until(
      async () => {
        await endPastDeadline(fixture.context);
        return (await command(late))?.status !== 'blocked';
      },
      { deadlineMs: 2_200, what: 'the blocked command ends within 2 s of its instant' },
    );
    expect(await command(late)).toMatchObject({ ...CANCELED, stepsDone: 0 });
    expect(await command(id)).toMatchObject({ status: 'accepted' });
    expect(await command(behind)).toMatchObject({ status: 'blocked' });
    await executeCommand(fixture.context, id);
    expect(await runToItsEnd(fixture, behind)).toMatchObject({ status: 'succeeded' });
    expect(await findAttemptsOfCommand(fixture.pool, late)).toEqual([]);
  });

  test('that becomes runnable while it is being ended is ended once, by whoever came first', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool, { then: [] });
    const late = await insertLater(fixture.pool, paymentKey, 'capture', 'blocked', PAST);
    const document = await insertDocument(fixture.pool, paymentKey, 'blocked');
    await Promise.all([
      executeCommand(fixture.context, id),
      endPastDeadline(fixture.context),
      endPastDeadline(fixture.context),
    ]);
    await endPastDeadline(fixture.context);
    expect(await command(late)).toMatchObject(CANCELED);
    expect(await runToItsEnd(fixture, document)).toMatchObject({ status: 'succeeded' });
    const { rows } = await fixture.pool.query(
      `select count(*)::int as told from events where command_id = $1 and type = 'command.canceled'`,
      [late],
    );
    expect(rows).toEqual([{ told: 1 }]);
  });
});

describe('an attempt of unknown outcome', () => {
  test('that took effect is found after the instant, and what comes behind it is not begun', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const { createPayment } = fixture.context.provider;
    const losing = providing({
      createPayment: async (...call) => {
        await createPayment(...call);
        await passes(id);
        return lost;
      },
      listPayments: async () => lost as never,
    });
    await executeCommand(losing, id);
    await endPastDeadline(fixture.context);
    expect(await command(id)).toMatchObject({ status: 'unresolved' });
    expect(await runToItsEnd(fixture, id)).toMatchObject({ ...CANCELED, stepsDone: 1 });
    expect(await ledgerOf(externalId)).toMatchObject([{ status: 'CREATED', effects: { create: 1 } }]);
  });

  test('that is absent is not repeated after the instant', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    let creates = 0;
    const context = providing({
      createPayment: async () => {
        creates += 1;
        return lost;
      },
    });
    await executeCommand(context, id);
    await passes(id);
    expect(await runToItsEnd({ ...fixture, context }, id)).toMatchObject({ ...CANCELED, stepsDone: 0 });
    expect(creates).toBe(1);
    expect(await ledgerOf(externalId)).toEqual([]);
  });
});

test('an instant that passes between the claim and the call lets nothing leave', async () => {
  const { id, externalId } = await insertCreate(fixture.pool, { notAfter: inMs(60_000) });
  const { gate, timings } = fixture.context;
  let nowMs = 0;
  const { createPayment } = fixture.context.provider;
  const context: CapturerContext = {
    // The guard before the call, not the one on the wire.
    ...providing({ createPayment: (body) => createPayment(body) }),
    // Wide enough not to be what holds the call back.
    timings: { ...timings, sendWindowMs: 3_600_000 },
    monotonicMs: () => nowMs,
    gate: {
      ...gate,
      admitWrite: (...write) => {
        nowMs = 61_000;
        return gate.admitWrite(...write);
      },
    },
  };
  await executeCommand(context, id);
  expect(await findAttemptsOfCommand(fixture.pool, id)).toMatchObject([
    { outcome: 'retryable', failure: { reason: 'deadline_passed' } },
  ]);
  expect(await ledgerOf(externalId)).toEqual([]);
});

test('the call is told how long its first byte may wait', async () => {
  const { id } = await insertCreate(fixture.pool, { then: [], notAfter: inMs(60_000) });
  const { createPayment } = fixture.context.provider;
  let startMsMax: number | undefined;
  const context = providing({
    createPayment: (body, options) => {
      startMsMax = options?.startMsMax;
      return createPayment(body, options);
    },
  });
  await executeCommand(context, id);
  expect(startMsMax).toBeGreaterThan(50_000);
  expect(startMsMax).toBeLessThanOrEqual(60_000);
});
