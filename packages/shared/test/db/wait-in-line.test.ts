import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { until } from '../../../testing/src/until.ts';
import { insertPause, liftPause, lockPauseScopes } from '../../src/db/pauses.ts';
import type { Pool, PoolClient } from '../../src/db/pool.ts';
import { changeHealth, lockHealth } from '../../src/db/provider-health.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { openDatabaseFixture } from '../database-fixture.ts';

// Scenario: many workers look at a pause or the health row under a share lock, one after the other without a gap.
// Goal: whoever lifts the pause or closes the breaker waits for those who were there, and for nobody who comes later.

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());

/** Somebody changes what others look at, and what is seen from then on. */
interface Changed {
  change: () => Promise<unknown>;
  look: (tx: PoolClient) => Promise<unknown>;
  seen: unknown;
}

async function pauseToLift(): Promise<Changed> {
  const id = randomUUID();
  const scope = { kind: 'all' } as const;
  await insertPause(pool, { id, scope, reason: 'a test', cause: 'operator', pausedBy: 'test' });
  return { change: () => liftPause(pool, id, 'test'), look: lockPauseScopes, seen: [] };
}

async function healthToChange(): Promise<Changed> {
  return {
    change: () =>
      changeHealth(
        pool,
        (health) => ({ ...health, failures: 7 }),
        async () => {},
      ),
    look: async (tx) => (await lockHealth(tx, 'share')).failures,
    seen: 7,
  };
}

const areWaiting = async (count: number) =>
  (
    await pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
  ).rowCount === count;
const waiting = (count: number) =>
  until(() => areWaiting(count), { deadlineMs: 5_000, what: `${count} to wait` });

test.each([
  ['lifts a pause', pauseToLift],
  ['changes the health', healthToChange],
])('nobody who comes later passes whoever %s, and all see the change', async (_what, prepare) => {
  const { change, look, seen } = await prepare();
  const inLine = await inTransaction(pool, async (tx) => {
    await look(tx);
    const changing = change();
    await waiting(1);
    const looking = inTransaction(pool, look);
    await waiting(2);
    return { done: Promise.all([changing, looking]) };
  });
  expect((await inLine.done)[1]).toEqual(seen);
});
