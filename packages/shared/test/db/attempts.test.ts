import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addAttemptRead,
  beginAttempt,
  finishAttempt,
  loadUnknownAttempt,
  resolveAttempt,
} from '../../src/db/attempts.ts';
import { claimCommand } from '../../src/db/claims.ts';
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

describe('the evidence about an unknown attempt', () => {
  async function beginUnknown(callMsMax: number): Promise<number> {
    const claim = { id: await insertCommand(pool), worker: 'first', leaseMs: 15_000 };
    return inTransaction(pool, async (tx) => {
      const command = await claimCommand(tx, claim);
      if (command === null) throw new Error(`command ${claim.id} could not be claimed`);
      const call = {
        operation: 'capture',
        number: 1,
        worker: 'first',
        callMsMax,
        documentationBefore: null,
      } as const;
      const id = await beginAttempt(tx, command, call);
      await finishAttempt(tx, command, id, {
        outcome: 'unknown',
        failure: { stage: 'no_clear_answer', reason: 'timeout' },
      });
      return id;
    });
  }
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
