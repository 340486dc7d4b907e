import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addAttemptRead,
  beginAttempt,
  finishAttempt,
  loadUnknownAttempt,
  resolveAttempt,
} from '../../src/db/attempts.ts';
import { claimCommand, endCommand } from '../../src/db/claims.ts';
import { holdCommand, markRedriven } from '../../src/db/interventions.ts';
import type { Pool } from '../../src/db/pool.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { insertCommand, openDatabaseFixture, readRow } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
let later: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
  later = fixture.poolLater('1 hour');
});
afterAll(async () => {
  await later.end();
  await fixture.close();
});

/** Claims the command and has its next attempt end without a clear answer, all by the clock of `db`. */
async function attemptUnknown(db: Pool, commandId: string, callMsMax: number) {
  return inTransaction(db, async (tx) => {
    const command = await claimCommand(tx, { id: commandId, worker: 'first', leaseMs: 15_000 });
    if (command === null) throw new Error(`command ${commandId} could not be claimed`);
    const attemptId = await beginAttempt(tx, command, {
      operation: 'capture',
      number: (command.attempt?.number ?? 0) + 1,
      worker: 'first',
      callMsMax,
      documentationBefore: null,
    });
    await finishAttempt(tx, command, attemptId, {
      outcome: 'unknown',
      failure: { stage: 'no_clear_answer', reason: 'timeout' },
    });
    return { command, attemptId };
  });
}

describe('the evidence about an unknown attempt', () => {
  const beginUnknown = async (callMsMax: number) =>
    (await attemptUnknown(pool, await insertCommand(pool), callMsMax)).attemptId;
  const read = (db: Pool, id: number, finding: 'absent' | 'inconclusive', beganMsAgo = 0) =>
    inTransaction(db, (tx) => addAttemptRead(tx, id, { beganMsAgo, finding, detail: {} }));

  test('counts as absent only reads begun after the call’s own deadline', async () => {
    const id = await beginUnknown(10_000);
    await read(pool, id, 'absent');
    await read(later, id, 'absent');
    await read(later, id, 'inconclusive');
    await read(later, id, 'absent', 3_600_000);
    expect(await loadUnknownAttempt(later, id)).toMatchObject({ reads: 4, absentReads: 1, absentForMs: 0 });
  });

  test('spans from the first to the last of them by the database clock', async () => {
    const id = await beginUnknown(0);
    await read(later, id, 'absent', 60_000);
    await read(later, id, 'absent');
    const attempt = await loadUnknownAttempt(later, id);
    expect(attempt.absentReads).toBe(2);
    expect(attempt.absentForMs).toBeGreaterThanOrEqual(60_000);
    expect(attempt.absentForMs).toBeLessThan(75_000);
    expect(attempt.firstAbsentMsAgo).toBeGreaterThanOrEqual(attempt.absentForMs);
  });

  test('says how long the call can still be under way', async () => {
    const id = await beginUnknown(10_000);
    expect((await loadUnknownAttempt(pool, id)).pastDeadlineMs).toBeLessThan(0);
    expect((await loadUnknownAttempt(later, id)).pastDeadlineMs).toBeGreaterThan(3_500_000);
  });

  test('is closed by the first resolution; a later one changes nothing', async () => {
    const id = await beginUnknown(0);
    await inTransaction(pool, (tx) => resolveAttempt(tx, id, 'retryable'));
    await inTransaction(pool, (tx) => resolveAttempt(tx, id, 'succeeded'));
    expect(await readRow(pool, 'attempts', 'id', id)).toMatchObject({
      outcome: 'unknown',
      resolution: 'retryable',
    });
  });
});

describe('a redrive is of the attempts before it and of none after it', () => {
  test.each([
    ['by one clock', () => [pool, pool]],
    ['when the clock was set back before it', () => [later, pool]],
    ['when the clock was set back after it', () => [pool, later]],
  ])('%s', async (_when, clocks) => {
    const [atFirst, atRedrive] = clocks() as [Pool, Pool];
    const id = await insertCommand(pool);
    const first = await attemptUnknown(atFirst, id, 0);
    await inTransaction(atFirst, async (tx) => {
      await resolveAttempt(tx, first.attemptId, 'parked');
      await endCommand(tx, first.command, {
        status: 'parked',
        problem: { code: 'payment_unclear', detail: 'x' },
      });
    });
    expect(await loadUnknownAttempt(pool, first.attemptId)).toMatchObject({ isRedriven: false });
    await inTransaction(atRedrive, async (tx) => {
      const held = await holdCommand(tx, id);
      if (held === null) throw new Error(`command ${id} is gone`);
      await markRedriven(tx, held, { by: 'operator', reason: 'looked at it', graceMs: 0 });
    });
    expect(await loadUnknownAttempt(pool, first.attemptId)).toMatchObject({ isRedriven: true });

    await pool.query(`update commands set due_at = '-infinity' where id = $1`, [id]);
    const second = await attemptUnknown(pool, id, 0);
    expect(second.command.redriven).toBe(true);
    expect(await loadUnknownAttempt(pool, second.attemptId)).toMatchObject({ isRedriven: false });
  });
});
