import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { until } from '../../../testing/src/until.ts';
import { insertPause, liftPause } from '../../src/db/pauses.ts';
import type { Pool } from '../../src/db/pool.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { createProviderGate, type ProviderGate } from '../../src/provider/gate/provider-gate.ts';
import { releaseBatch } from '../../src/provider/gate/release-batch.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { insertCommand, insertPayment, openDatabaseFixture } from '../database-fixture.ts';

// Scenario: what others do to the shared rows right before or while a process asks whether its write may leave.
// Goal: nothing leaves on the word of what was seen long ago, and nothing is put off for what is over by then.

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
let clockMs = 1_000_000;
const log = createLogger('test', 'fatal');
const WRITE = { operation: 'create', commandType: 'payment.create', paymentType: 'COLLECT' } as const;
const write = (paymentKey: string) => ({ ...WRITE, paymentKey });

beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await pool.query('truncate releases, pauses, commands, payments cascade');
  await pool.query(`update provider_health set breaker = 'closed', calls_per_second = null`);
});

const gateOf = () =>
  createProviderGate({ pool, log, random: () => 0.5, monotonicMs: () => clockMs, trialMsMax: 15_000 });

/** A process that looked once and was then stopped: it still goes by what it saw. */
async function stoppedGate(): Promise<ProviderGate> {
  const gate = gateOf();
  await gate.open(async () => ({ ok: true, value: null }));
  await gate.close();
  return gate;
}

const openBreaker = () => pool.query(`update provider_health set breaker = 'open'`);

async function pauseAll(): Promise<string> {
  const id = randomUUID();
  await insertPause(pool, {
    id,
    scope: { kind: 'all' },
    reason: 'a test',
    cause: 'operator',
    pausedBy: 'test',
  });
  return id;
}

const admitWrite = (gate: ProviderGate) =>
  inTransaction(pool, (tx) => gate.admitWrite(tx, write(randomUUID())));

describe('what a process saw more than a second ago', () => {
  test.each([
    ['the breaker has opened since', openBreaker, 'provider'],
    ['a pause was set since', pauseAll, 'pause'],
  ])('lets no write out when %s', async (_what, happens, waitsFor) => {
    const gate = await stoppedGate();
    await happens();
    clockMs += 999;
    expect(await admitWrite(gate)).toEqual({ admitted: true });
    clockMs += 1;
    expect(await admitWrite(gate)).toMatchObject({ admitted: false, waitsFor });
  });

  test('lets no read out when the breaker has opened since', async () => {
    const gate = await stoppedGate();
    await openBreaker();
    clockMs += 1_000;
    expect(await inTransaction(pool, (tx) => gate.admitRead(tx))).toMatchObject({ waitsFor: 'provider' });
  });
});

test('a write that is just being put off for a pause is released by whoever lifts it', async () => {
  const pauseId = await pauseAll();
  const paymentKey = await insertPayment(pool);
  const id = await insertCommand(pool, { paymentKey });
  const gate = gateOf();
  const { lifted } = await inTransaction(pool, async (tx) => {
    expect(await gate.admitWrite(tx, write(paymentKey))).toMatchObject({ waitsFor: 'pause' });
    const lifted = liftPause(pool, pauseId, 'test').then(() => releaseBatch(pool, log));
    const waits = until(isSomebodyWaiting, { deadlineMs: 10_000, what: 'whoever lifts it to wait' });
    await Promise.race([lifted, waits]);
    await tx.query(
      `update commands set waits_for = 'pause', due_at = capstan_now() + interval '1 hour' where id = $1::uuid`,
      [id],
    );
    return { lifted };
  });
  expect(await lifted).toBe(true);
  const { rows } = await pool.query('select waits_for from commands');
  expect(rows).toEqual([{ waits_for: null }]);
});

async function isSomebodyWaiting(): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rowCount === 1;
}
