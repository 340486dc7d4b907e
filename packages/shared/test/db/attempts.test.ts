import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginAttempt, finishAttempt, resolveAttempt } from '../../src/db/attempts.ts';
import { claimCommand, endCommand } from '../../src/db/claims.ts';
import { holdCommand, markRedriven } from '../../src/db/interventions.ts';
import type { Pool } from '../../src/db/pool.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { addAttemptRead, type Finding, loadUnknownAttempt } from '../../src/db/unknown-attempts.ts';
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
    const command = await claimCommand(tx, { id: commandId, worker: 'first', leaseMs: 15_000, nowMs: 0 });
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
  /** A read that a process began at an instant of its own clock. */
  const read = (
    db: Pool,
    id: number,
    made: { at: number; by?: string; finding?: Finding; answered?: boolean; beganMsAgo?: number },
  ) => {
    const { at, by = 'one', finding = 'absent', answered = true, beganMsAgo = 0 } = made;
    const told = { beganMsAgo, process: by, processMs: at, answered, finding, detail: {} };
    return inTransaction(db, (tx) => addAttemptRead(tx, id, told));
  };

  test('counts as absent only reads begun after the call’s own deadline', async () => {
    const id = await beginUnknown(10_000);
    await read(pool, id, { at: 0 });
    await read(later, id, { at: 1 });
    await read(later, id, { at: 2, finding: 'inconclusive' });
    await read(later, id, { at: 3, beganMsAgo: 3_600_000 });
    expect(await loadUnknownAttempt(later, id)).toMatchObject({ reads: 4, absentReads: 1, absentForMs: 0 });
  });

  test('spans from the first to the last of them by the clock of a process that made both', async () => {
    const id = await beginUnknown(0);
    for (const at of [1_000, 20_000, 46_000]) await read(pool, id, { at });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ absentReads: 3, absentForMs: 45_000 });
  });

  test('begins anew behind a review, which held what was not there before it', async () => {
    const id = await beginUnknown(0);
    for (const at of [1_000, 20_000, 46_000]) await read(pool, id, { at });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ wasHeld: false });
    await read(pool, id, { at: 60_000, finding: 'held', answered: false });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ absentReads: 0, wasHeld: true });
    for (const at of [70_000, 80_000]) await read(pool, id, { at });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ absentReads: 2, absentForMs: 10_000 });
  });

  test('spans no time that only the database clock saw go by', async () => {
    const id = await beginUnknown(0);
    await read(pool, id, { at: 1_000 });
    await read(later, id, { at: 1_500 });
    await read(later, id, { at: 1_700 });
    expect(await loadUnknownAttempt(later, id)).toMatchObject({ absentReads: 3, absentForMs: 700 });
  });

  test('begins no span before the deadline is past by the clock of the process, however far the database’s jumped', async () => {
    const id = await beginUnknown(10_000);
    for (const at of [0, 9_999, 10_000, 44_000, 45_000]) await read(later, id, { at });
    expect(await loadUnknownAttempt(later, id)).toMatchObject({ absentReads: 5, absentForMs: 35_000 });
  });

  test('goes on when the database clock was set back behind the deadline', async () => {
    const id = (await attemptUnknown(later, await insertCommand(pool), 10_000)).attemptId;
    for (const at of [0, 10_000, 20_000, 55_000]) await read(pool, id, { at });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ absentReads: 3, absentForMs: 45_000 });
  });

  test('counts reads of several processes as reads, and the longest span of one of them as time', async () => {
    const id = await beginUnknown(0);
    await read(pool, id, { at: 5_000_000, by: 'one' });
    await read(pool, id, { at: 1_000, by: 'two' });
    await read(pool, id, { at: 9, by: 'three' });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ absentReads: 3, absentForMs: 0 });
    await read(pool, id, { at: 31_000, by: 'two' });
    await read(pool, id, { at: 5_012_000, by: 'one' });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({
      absentReads: 5,
      absentForMs: 30_000,
      firstReadMs: { one: 5_000_000, two: 1_000, three: 9 },
    });
  });

  test('takes a read of before, which names no process, for a read and not for time', async () => {
    const id = await beginUnknown(0);
    await pool.query(
      `insert into attempt_reads (attempt_id, began_at, finding)
       select $1, capstan_now() + n * interval '1 minute', 'absent' from generate_series(1, 3) n`,
      [id],
    );
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ absentReads: 3, absentForMs: 0 });
  });

  const MINUTE_MS = 60_000;

  test('tells for how long the provider has been answering without telling', async () => {
    const id = await beginUnknown(0);
    for (let nth = 0; nth <= 30; nth++)
      await read(pool, id, { at: nth * 4 * MINUTE_MS, finding: 'inconclusive' });
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ answeredForMs: 120 * MINUTE_MS });
  });

  test('does not count an outage: neither what lies beside a read that failed, nor a long time without reads', async () => {
    const id = await beginUnknown(0);
    const at = (minutes: number, answered = true) =>
      read(pool, id, { at: minutes * MINUTE_MS, answered, finding: 'inconclusive' });
    await at(0);
    await at(2);
    await at(3, false);
    await at(4);
    await at(6);
    await at(600);
    expect(await loadUnknownAttempt(pool, id)).toMatchObject({ answeredForMs: (2 + 2 + 5) * MINUTE_MS });
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
