import { randomUUID } from 'node:crypto';
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { insertPause, liftPause, type PauseRow } from '@capstan/shared/db/pauses';
import { readHealth } from '@capstan/shared/db/provider-health';
import type { PauseScope } from '@capstan/shared/domain/pause-scope';
import { until } from '@capstan/testing/until';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endPastDeadline } from '../src/end-past-deadline.ts';
import { executeCommand } from '../src/execute-command.ts';
import { type CapturerFixture, insertCreate, openCapturerFixture } from './capturer-fixture.ts';

let fixture: CapturerFixture;

beforeEach(async () => {
  fixture = await openCapturerFixture({ regulated: true });
});
afterEach(() => fixture.close());

const setFaults = (...rules: object[]) => fixture.control('faults', { seed: 1, rules });
const breaker = async () => (await readHealth(fixture.pool)).health.breaker;
const attempts = async (id: string) => (await findAttemptsOfCommand(fixture.pool, id)).length;

/** Waits until `check` no longer fails. */
const comes = (what: string, check: () => Promise<unknown>, deadlineMs = 5_000) =>
  until(
    async () => {
      await check();
      return true;
    },
    { deadlineMs, what },
  );

/** Lets the capturer take the command again and again, as its jobs would, until it looks as expected. */
const runUntil = (id: string, expected: object, deadlineMs = 5_000) =>
  comes(
    `command ${id} is as expected`,
    async () => {
      await executeCommand(fixture.context, id);
      expect(await findCommand(fixture.pool, id)).toMatchObject(expected);
    },
    deadlineMs,
  );

const pausesSeen = (count: number, deadlineMs = 2_000) =>
  comes(
    `the capturer sees ${count} pauses`,
    async () => expect(fixture.context.gate.snapshot()?.pauses).toHaveLength(count),
    deadlineMs,
  );

async function createAndRun(then: string[] = []): Promise<string> {
  const { id } = await insertCreate(fixture.pool, { then });
  await executeCommand(fixture.context, id);
  return id;
}

/** The provider fails every call, until the breaker has had enough. */
async function openTheBreaker(): Promise<void> {
  await setFaults({ operation: '*', fault: '500' });
  for (let nth = 0; nth < 5; nth++) await createAndRun();
  await comes('the breaker opens', async () => expect(await breaker()).toBe('open'));
}

function pause(scope: PauseScope): Promise<PauseRow | null> {
  const row = { id: randomUUID(), scope, reason: 'a test', cause: 'operator', pausedBy: 'test' } as const;
  return insertPause(fixture.pool, row);
}

describe('the breaker', () => {
  test('while it is open a write waits without an attempt, and says so', async () => {
    await openTheBreaker();
    const id = await createAndRun();
    expect(await attempts(id)).toBe(0);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing', waitsFor: 'provider' });
  });

  test('it is half-opened by a read, closed by a write, and lets the waiting commands go', async () => {
    await openTheBreaker();
    const [first, second] = [await createAndRun(), await createAndRun()];
    await setFaults();
    await comes(
      'a probe finds the provider back',
      async () => expect(await breaker()).toBe('half_open'),
      10_000,
    );
    await runUntil(first, { status: 'succeeded' });
    await comes('it is closed', async () => expect(await breaker()).toBe('closed'));
    await runUntil(second, { status: 'succeeded', waitsFor: null });
  });
});

describe('a pause', () => {
  test.each([
    ['everything', { kind: 'all' }],
    ['the operation', { kind: 'operation', value: 'create' }],
    ['the command type', { kind: 'type', value: 'payment.create' }],
    ['the payment type', { kind: 'type', value: 'COLLECT' }],
  ] as const)('of %s holds the next write back and is over when it is lifted', async (_what, scope) => {
    const row = await pause(scope);
    await pausesSeen(1);
    const id = await createAndRun();
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing', waitsFor: 'pause' });
    expect(await attempts(id)).toBe(0);
    await liftPause(fixture.pool, row?.id ?? '', 'test');
    await runUntil(id, { status: 'succeeded', waitsFor: null });
  });

  test('of one payment holds back that one and no other', async () => {
    const held = await insertCreate(fixture.pool, { then: [] });
    const free = await insertCreate(fixture.pool, { then: [] });
    await pause({ kind: 'payment', value: held.paymentKey });
    await pausesSeen(1);
    for (const { id } of [held, free]) await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, held.id)).toMatchObject({ waitsFor: 'pause' });
    expect(await findCommand(fixture.pool, free.id)).toMatchObject({ status: 'succeeded' });
  });

  test('is seen by a running capturer within a second', async () => {
    await pause({ kind: 'all' });
    await pausesSeen(1, 1_000);
  });

  test('lets a command end at its notAfter instant', async () => {
    await pause({ kind: 'all' });
    await pausesSeen(1);
    const notAfter = new Date(Date.now() + 700).toISOString();
    const { id } = await insertCreate(fixture.pool, { notAfter });
    await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ waitsFor: 'pause' });
    await comes('it is ended', async () => {
      await endPastDeadline(fixture.context);
      expect(await findCommand(fixture.pool, id)).toMatchObject({
        status: 'canceled',
        problem: { code: 'deadline_passed' },
      });
    });
  });
});

describe('a rate limit', () => {
  test('limits all processes, makes writes wait for their turn and burns nothing', async () => {
    await setFaults({ operation: 'create', fault: '429', count: 1, delayMs: 1_000 });
    const refused = await createAndRun();
    await comes('the rate is limited', async () => {
      expect(fixture.context.gate.snapshot()?.health.callsPerSecond).toBe(25);
    });
    const waiting = await createAndRun();
    expect(await findCommand(fixture.pool, waiting)).toMatchObject({ status: 'executing', waitsFor: 'rate' });
    expect(await attempts(waiting)).toBe(0);
    for (const id of [refused, waiting]) await runUntil(id, { status: 'succeeded' }, 15_000);
  });
});

describe('refusals of the whole tenant', () => {
  test('five 403 over three payments reject their commands and pause everything', async () => {
    await setFaults({ operation: 'create', fault: '403' });
    for (let nth = 0; nth < 5; nth++) {
      expect(await findCommand(fixture.pool, await createAndRun())).toMatchObject({ status: 'rejected' });
    }
    await pausesSeen(1);
    expect((await readHealth(fixture.pool)).pauses).toEqual([{ cause: 'forbidden', scope: { kind: 'all' } }]);
  });

  test('refused credentials pause instead of burning attempts; a read that succeeds lifts the pause', async () => {
    await setFaults({ operation: '*', fault: 'revoked-token' });
    const id = await createAndRun();
    await pausesSeen(1);
    expect((await readHealth(fixture.pool)).pauses).toMatchObject([{ cause: 'credentials_refused' }]);
    await runUntil(id, { status: 'executing', waitsFor: 'pause' });
    expect(await attempts(id)).toBe(1);
    await setFaults();
    await fixture.context.provider.listPayments({}, { limit: 1, offset: 0 });
    await pausesSeen(0, 5_000);
    await runUntil(id, { status: 'succeeded' });
  });
});
