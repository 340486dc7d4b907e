import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { until } from '../../../testing/src/until.ts';
import type { Pool } from '../../src/db/pool.ts';
import { changeHealth } from '../../src/db/provider-health.ts';
import { afterSuccess, afterTurnedAway } from '../../src/domain/provider-health.ts';
import { createProviderGate, type ProviderGate } from '../../src/provider/gate/provider-gate.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { openDatabaseFixture } from '../database-fixture.ts';

// Scenario: the database's clock is an hour away for a while, as after a change to a server whose clock is wrong.
// Goal: once it is right nobody waits for an instant of the wrong clock, and who dies with a probe holds nobody up.

const TRIAL_MS = 15_000;

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
const log = createLogger('test', 'fatal');

beforeAll(async () => {
  fixture = await openDatabaseFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.pool.query(
    `update provider_health set breaker = 'closed', next_try_at = null, calls_per_second = 50, rate_changed_at = capstan_now(),
       read_slot_at = null, write_slot_at = null`,
  );
});

const gateOf = (pool: Pool) =>
  createProviderGate({
    pool,
    log,
    random: () => 0.5,
    monotonicMs: () => performance.now(),
    trialMsMax: TRIAL_MS,
  });

/** A process whose database has the clock that `use` named last. */
function switchedPool(first: Pool) {
  let current = first;
  const pool = {
    connect: () => current.connect(),
    query: (...args: [string, unknown[]]) => current.query(...args),
  } as unknown as Pool;
  return {
    pool,
    use: (other: Pool) => {
      current = other;
    },
  };
}

const mayRead = async (gate: ProviderGate) =>
  (await gate.awaitReadTurn(new AbortController().signal)) === null;

test.each([
  ['behind', '-1 hour'],
  ['ahead', '1 hour'],
])(
  'a process whose database was an hour %s for a while calls again as soon as it is right',
  async (_, away) => {
    const wrong = fixture.poolLater(away);
    const right = fixture.pool;
    const database = switchedPool(right);
    const gate = gateOf(database.pool);
    await gate.open(async () => ({ ok: true, value: null }));
    try {
      expect(await mayRead(gate)).toBe(true);
      database.use(wrong);
      const isMet = async () => {
        const turn = await gate.awaitReadTurn(AbortSignal.abort());
        const { rows } = await right.query(
          'select abs(extract(epoch from read_slot_at - capstan_now())) > 3000 as away from provider_health',
        );
        return rows[0].away || (turn?.retryAfterMs ?? 0) > 50 * 60_000;
      };
      await until(isMet, { deadlineMs: 5_000, what: 'a slot by the wrong clock' });
      database.use(right);
      // More than it had drawn before.
      for (let reads = 0; reads < 8; reads++)
        await until(() => mayRead(gate), { deadlineMs: 5_000, what: 'its turn to read' });
    } finally {
      await gate.close();
      await wrong.end();
    }
  },
);

test('a step of the clock that was noticed while the database was away is seen to when it is back', async () => {
  const ahead = fixture.poolLater('1 hour');
  const database = switchedPool(ahead);
  let refused = 0;
  const query = (...args: [string, unknown[]]) => {
    const isLost = args[0].includes('read_slot_at = null') && refused++ < 2;
    return isLost ? Promise.reject(new Error('Connection terminated')) : database.pool.query(...args);
  };
  const gate = gateOf({ ...database.pool, query } as unknown as Pool);
  await gate.open(async () => ({ ok: true, value: null }));
  try {
    expect(await mayRead(gate)).toBe(true);
    database.use(fixture.pool);
    for (let reads = 0; reads < 8; reads++)
      await until(() => mayRead(gate), { deadlineMs: 10_000, what: 'its turn to read' });
    expect(refused).toBeGreaterThan(2);
  } finally {
    await gate.close();
    await ahead.end();
  }
});

test('a call that goes well after the clock was set back is noted once, not for an hour at each', async () => {
  const ahead = fixture.poolLater('1 hour');
  await changeHealth(ahead, afterTurnedAway, async () => {});
  await ahead.end();
  let changes = 0;
  for (const _ of [1, 2, 3, 4]) {
    const { before, after } = await changeHealth(fixture.pool, afterSuccess, async () => {});
    if (before !== after) changes += 1;
  }
  expect(changes).toBeLessThanOrEqual(2);
});

test('no change of the shared health takes for granted a call that nobody saw go well, or turned away', async () => {
  await fixture.pool.query('update provider_health set turned_away_at = null, succeeded_at = null');
  const { after } = await changeHealth(
    fixture.pool,
    (health) => ({ ...health, failures: health.failures + 1 }),
    async () => {},
  );
  expect(after).toMatchObject({ turnedAwayMsAgo: null, succeededMsAgo: null });
  const { rows } = await fixture.pool.query('select turned_away_at, succeeded_at from provider_health');
  expect(rows).toEqual([{ turned_away_at: null, succeeded_at: null }]);
});

describe('a probe', () => {
  test('that fails makes the next one wait longer', async () => {
    await fixture.pool.query(
      `update provider_health set breaker = 'open', openings = 1, next_try_at = capstan_now()`,
    );
    const gate = gateOf(fixture.pool);
    await gate.open(async () => ({ ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } }));
    const isCounted = async () =>
      (await fixture.pool.query('select from provider_health where openings = 2')).rowCount === 1;
    await until(isCounted, { deadlineMs: 5_000, what: 'the probe to be counted' });
    await gate.close();
  });

  test('is given up as soon as no call can still be under way', async () => {
    await fixture.pool.query(`update provider_health set breaker = 'open', next_try_at = capstan_now()`);
    const gate = gateOf(fixture.pool);
    let probed = () => {};
    const died = new Promise<void>((resolve) => {
      probed = resolve;
    });
    await gate.open(async () => {
      probed();
      return { ok: false, failure: { stage: 'not_sent', reason: 'aborted' } };
    });
    await died;
    await gate.close();
    const { rows } = await fixture.pool.query(
      `select (extract(epoch from next_try_at - capstan_now()) * 1000)::float8 as "leftMs" from provider_health`,
    );
    expect(rows[0].leftMs).toBeLessThanOrEqual(TRIAL_MS);
  });
});
