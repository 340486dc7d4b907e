import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { until } from '../../../testing/src/until.ts';
import { insertPause, liftPause } from '../../src/db/pauses.ts';
import type { Pool, PoolClient } from '../../src/db/pool.ts';
import { lockHealth } from '../../src/db/provider-health.ts';
import { releaseTrials, requestRelease } from '../../src/db/releases.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import type { PauseScope } from '../../src/domain/pause-scope.ts';
import type { Lane } from '../../src/domain/provider-health.ts';
import { createProviderGate } from '../../src/provider/gate/provider-gate.ts';
import { releaseBatch } from '../../src/provider/gate/release-batch.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { insertCommand, insertPayment, openDatabaseFixture } from '../database-fixture.ts';

// Scenario: a long outage or a pause is over and very many commands waited for it.
// Goal: who ends it writes a row and is done; the release goes on in batches, whoever dies, beside everything else.

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
const log = createLogger('test', 'fatal');
/** Of one batch while the rate is not limited. */
const BATCH = 1_000;

beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await pool.query('truncate releases, pauses, commands, payments cascade');
  await pool.query(`update provider_health set breaker = 'closed', calls_per_second = null`);
});

/** Creates that wait for an hour yet, in the order of their externalIds. */
async function insertWaiting(
  count: number,
  { waitsFor = 'provider', status = 'executing', type = 'COLLECT' } = {},
): Promise<void> {
  await pool.query(
    `with p as (
       insert into payments (key, external_id, snapshot)
       select gen_random_uuid(), 'ext-' || gen_random_uuid(), jsonb_build_object('type', $4::text)
       from generate_series(1, $1::integer) returning key
     )
     insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, status, accepted_by,
       waits_for, due_at, offer_at)
     select gen_random_uuid(), key::text, decode(repeat('00', 32), 'hex'), 'payment.create', key, '{}', '{create,capture}',
       $2::text, 'test', $3::text, capstan_now() + interval '1 hour', capstan_now() + interval '1 hour' from p`,
    [count, status, waitsFor, type],
  );
}

/** How many wait, by what for, and how many are on their way. */
async function counts(): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ what: string; count: number }>(
    `select coalesce(waits_for, case when due_at < capstan_now() + interval '5 seconds' and offer_at = due_at
       then 'released' else 'lost' end) as what, count(*)::int as count
     from commands group by 1`,
  );
  return Object.fromEntries(rows.map(({ what, count }) => [what, count]));
}

const ask = (waitsFor: 'pause' | 'provider', lane: Lane = 'write') =>
  inTransaction(pool, (tx) => requestRelease(tx, waitsFor, lane));

/** As the processes do, until nothing is left to release. */
async function releaseAll(by: Pool = pool): Promise<void> {
  const isDone = async () => {
    await releaseBatch(by, log);
    return (await pool.query('select from releases')).rowCount === 0;
  };
  await until(isDone, { deadlineMs: 15_000, what: 'the release to come to its end' });
}

async function pause(scope: PauseScope): Promise<string> {
  const row = { id: randomUUID(), scope, reason: 'a test', cause: 'operator', pausedBy: 'test' } as const;
  await insertPause(pool, row);
  return row.id;
}

/** A process that works for commands, as far as it takes to tell it of its calls. */
async function openGate() {
  const gate = createProviderGate({
    pool,
    log,
    random: () => 0.5,
    monotonicMs: () => performance.now(),
    trialMsMax: 15_000,
  });
  await gate.open(async () => ({ ok: true, value: null }));
  return gate;
}

/** The pool of a process to which something happens right before a statement. */
function poolMetBy(statement: RegExp, happens: (client: PoolClient) => Promise<unknown>): Pool {
  const met = (client: PoolClient) =>
    new Proxy(client, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (name !== 'query') return typeof value === 'function' ? value.bind(target) : value;
        return async (...[sql, values]: [string, unknown[]]) => {
          if (statement.test(sql)) await happens(target);
          return target.query(sql, values);
        };
      },
    });
  return { connect: async () => met(await pool.connect()) } as unknown as Pool;
}

const NOTED = /update releases/;

describe('the end of an outage', () => {
  test('touches nothing that waits; who comes after the process that closed the breaker releases it', async () => {
    await pool.query(`update provider_health set breaker = 'half_open'`);
    const first = await openGate();
    await first.close();
    await insertWaiting(3);
    // Its last deed.
    first.ended({ kind: 'write', payment: 'p1' }, null);
    await first.close();
    expect((await pool.query('select breaker from provider_health')).rows).toEqual([{ breaker: 'closed' }]);
    expect(await counts()).toEqual({ provider: 3 });
    const second = await openGate();
    await until(async () => (await counts()).released === 3, { deadlineMs: 5_000, what: 'all to be due' });
    await second.close();
  });

  test('half-open it lets all reads go, and of the writes the five oldest', async () => {
    await insertWaiting(8, { status: 'unresolved' });
    await insertWaiting(8);
    await pool.query(`update provider_health set breaker = 'half_open'`);
    await ask('provider', 'read');
    await ask('provider', 'write');
    await inTransaction(pool, (tx) => releaseTrials(tx, 5));
    while (await releaseBatch(pool, log));
    const { rows } = await pool.query(
      `select status, count(*)::int as released,
         bool_and(position <= (select min(position) + 4 from commands where status = 'executing')) as oldest
       from commands where waits_for is null group by status order by 1`,
    );
    expect(rows).toMatchObject([
      { status: 'executing', released: 5, oldest: true },
      { status: 'unresolved', released: 8 },
    ]);
  });
});

describe('a release', () => {
  test('that is killed in the middle of a batch loses none: the next process goes on where it was', async () => {
    await insertWaiting(2 * BATCH + 10);
    await ask('provider');
    expect(await releaseBatch(pool, log)).toBe(true);
    const dying = poolMetBy(NOTED, (client) => client.query('select pg_terminate_backend(pg_backend_pid())'));
    await expect(releaseBatch(dying, log)).rejects.toThrow();
    expect(await counts()).toEqual({ released: BATCH, provider: BATCH + 10 });
    await releaseAll();
    expect(await counts()).toEqual({ released: 2 * BATCH + 10 });
  });

  test('by two processes at once makes everything due once, in the order of acceptance', async () => {
    await insertWaiting(3 * BATCH);
    await ask('provider');
    await Promise.all([releaseAll(), releaseAll()]);
    const { rows } = await pool.query(
      `select count(*)::int as count, bool_and(due_at > before) as "inOrder",
         extract(epoch from max(due_at) - min(due_at))::float8 as seconds
       from (select due_at, lag(due_at, 1, '-infinity') over (order by position) as before from commands
         where waits_for is null) as c`,
    );
    expect(rows).toMatchObject([{ count: 3 * BATCH, inOrder: true }]);
    // 2,500 a second, by both together.
    expect(rows[0].seconds).toBeGreaterThan(1.1);
  });

  test('holds nobody up: health, pauses and commands are free while a batch is under way', async () => {
    await insertWaiting(2 * BATCH);
    await ask('provider');
    const held = Promise.withResolvers<void>();
    const under = Promise.withResolvers<void>();
    const slow = poolMetBy(NOTED, () => {
      under.resolve();
      return held.promise;
    });
    const batch = releaseBatch(slow, log);
    await under.promise;
    await inTransaction(pool, async (tx) => {
      await tx.query(`set local lock_timeout = '1s'`);
      expect(await lockHealth(tx, 'update')).toMatchObject({ breaker: 'closed' });
      await insertCommand(tx, { paymentKey: await insertPayment(tx) });
    });
    await pause({ kind: 'all' });
    expect(await releaseBatch(pool, log)).toBe(false);
    held.resolve();
    expect(await batch).toBe(true);
  });

  test('leaves what another pause covers, until that one is lifted as well', async () => {
    await insertWaiting(4, { waitsFor: 'pause' });
    await insertWaiting(4, { waitsFor: 'pause', type: 'P2P' });
    const [all, p2p] = [await pause({ kind: 'all' }), await pause({ kind: 'type', value: 'P2P' })];
    await liftPause(pool, all, 'test');
    await releaseAll();
    expect(await counts()).toEqual({ released: 4, pause: 4 });
    await liftPause(pool, p2p, 'test');
    await releaseAll();
    expect(await counts()).toEqual({ released: 8 });
  });

  test('of what waited for the provider leaves what a pause covers to that pause', async () => {
    await insertWaiting(4);
    const id = await pause({ kind: 'operation', value: 'create' });
    await ask('provider');
    await releaseAll();
    expect(await counts()).toEqual({ pause: 4 });
    await liftPause(pool, id, 'test');
    await releaseAll();
    expect(await counts()).toEqual({ released: 4 });
  });

  test('comes back for a command under a pause that somebody had in hand, so that lifting the pause frees it', async () => {
    await insertWaiting(3);
    const id = await pause({ kind: 'operation', value: 'create' });
    await ask('provider');
    await inTransaction(pool, async (tx) => {
      await tx.query('select from commands order by position limit 1 for update');
      await releaseBatch(pool, log);
      expect(await counts()).toEqual({ pause: 2, provider: 1 });
    });
    await releaseAll();
    await liftPause(pool, id, 'test');
    await releaseAll();
    expect(await counts()).toEqual({ released: 3 });
  });

  test('comes back for a command that somebody had in hand', async () => {
    await insertWaiting(3);
    await ask('provider');
    await inTransaction(pool, async (tx) => {
      await tx.query('select from commands order by position limit 1 for update');
      await releaseBatch(pool, log);
      expect(await counts()).toEqual({ released: 2, provider: 1 });
    });
    await releaseAll();
    expect(await counts()).toEqual({ released: 3 });
  });

  test('stands still while the breaker is open again, and begins anew when it is closed', async () => {
    await insertWaiting(BATCH + 1);
    await ask('provider');
    await releaseBatch(pool, log);
    await pool.query(`update provider_health set breaker = 'open'`);
    // The release of before had come past these.
    await pool.query(`update commands set waits_for = 'provider', due_at = due_at + interval '1 hour',
      offer_at = offer_at + interval '1 hour' where waits_for is null`);
    expect(await releaseBatch(pool, log)).toBe(false);
    await pool.query(`update provider_health set breaker = 'closed'`);
    await ask('provider');
    await releaseAll();
    expect(await counts()).toEqual({ released: BATCH + 1 });
  });

  test('is no faster than the shared rate', async () => {
    await pool.query('update provider_health set calls_per_second = 50');
    await insertWaiting(100);
    await ask('provider');
    while (await releaseBatch(pool, log));
    const { rows } = await pool.query(
      `select count(*)::int as count, extract(epoch from max(due_at) - min(due_at))::float8 as seconds
       from commands where waits_for is null`,
    );
    // Four fifths of the rate are for writes, and it stays a second or so ahead of the clock.
    expect(rows[0].count).toBeLessThan(80);
    expect(rows[0].seconds).toBeCloseTo((rows[0].count - 1) / 40, 0);
  });

  test('goes on when the clock was set back by an hour', async () => {
    await insertWaiting(BATCH + 1);
    await ask('provider');
    await releaseBatch(pool, log);
    await pool.query(`update releases set released_to = released_to + interval '1 hour'`);
    await releaseAll();
    expect(await counts()).toEqual({ released: BATCH + 1 });
  });

  test('finds what waits by its index and touches nothing else', async () => {
    await insertWaiting(2_000);
    await pool.query('analyze commands');
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(
      `explain select id from commands
       where waits_for = 'provider' and case when status = 'unresolved' then 'read' else 'write' end = 'write'
         and position > 5 order by position limit 10`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Index Scan using commands_waits_for_idx');
    expect(plan).not.toContain('Sort');
    expect(plan).not.toContain('Filter');
  });
});
