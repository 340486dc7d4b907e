/** Pages of a day in the mirror: each payment once, and each page for the same price wherever it stands. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CreatedPlace, findCreatedOn } from '../../src/db/compared-days.ts';
import type { Pool } from '../../src/db/pool.ts';
import { openDatabaseFixture } from '../database-fixture.ts';

const DAY = '2026-05-10';
const PAYMENTS = 20_000;
const LIMIT = 500;

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture({ max: 1 });
  pool = fixture.pool;
  // Seven to an instant, so that pages end between payments of one instant; and one on either side of the day.
  await pool.query(
    `insert into payments (key, external_id, conomy_id, status, cause, conomy_created_at)
     select gen_random_uuid(), 'e' || n, 'c' || n, 'SETTLED', 'read', $1::timestamptz + (n / 7) * interval '10 milliseconds'
     from generate_series(0, $2::integer - 1) n
     union all
     select gen_random_uuid(), n, n, 'SETTLED', 'read', $1::timestamptz + at from (values
       ('before', interval '-1 microsecond'), ('last', interval '1 day -1 microsecond'), ('behind', interval '1 day')
     ) as around(n, at)`,
    [`${DAY}T00:00:00Z`, PAYMENTS],
  );
  // Not of Conomy's lists: no id yet, and a payment attempt.
  await pool.query(
    `insert into payments (key, external_id, conomy_id, kind, accepted_at) values
       (gen_random_uuid(), 'no-id', null, 'payment', $1), (gen_random_uuid(), 'attempt', 'attempt', 'attempt', $1)`,
    [`${DAY}T12:00:00Z`],
  );
  await pool.query('analyze payments');
});
afterAll(() => fixture.close());

test('hold each payment of the day once, in the order they were created', async () => {
  const seen: string[] = [];
  for (let after: CreatedPlace | null = null; ; ) {
    const page = await findCreatedOn(pool, DAY, { after, limit: LIMIT });
    seen.push(...page.map(({ conomyId }) => conomyId));
    after = page.at(-1)?.place ?? null;
    if (page.length < LIMIT) break;
  }
  expect(seen).toHaveLength(PAYMENTS + 1);
  expect(new Set(seen)).toEqual(new Set([...Array.from({ length: PAYMENTS }, (_, n) => `c${n}`), 'last']));
  expect(seen.at(-1)).toBe('last');
});

test('cost as many rows as they show, the first and the last alike', async () => {
  const first = await findCreatedOn(pool, DAY, { after: null, limit: LIMIT });
  const last = { createdAt: '2026-05-10T00:00:25.000Z', key: first.at(-1)?.key ?? '' };
  for (const after of [null, first.at(-1)?.place ?? null, last]) {
    const before = await rowsRead();
    expect(await findCreatedOn(pool, DAY, { after, limit: LIMIT })).toHaveLength(LIMIT);
    expect((await rowsRead()) - before).toBeLessThanOrEqual(LIMIT + 10);
  }
});

/** Rows that all scans of payments have read so far, as PostgreSQL counts them; the only connection reports now. */
async function rowsRead(): Promise<number> {
  await pool.query('select pg_stat_force_next_flush()');
  await pool.query('select 1');
  const { rows } = await pool.query(
    `select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_user_tables where relname = 'payments'`,
  );
  return rows[0].read;
}
