import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertCommand, insertDelivery, insertPayment, openSchemaFixture } from './schema-fixture.ts';

let fixture: Awaited<ReturnType<typeof openSchemaFixture>>;
beforeAll(async () => {
  fixture = await openSchemaFixture();
});
afterAll(() => fixture.close());

async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: fixture.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Seconds by which capstan_now() is ahead of the database clock, in one statement. */
async function offsetSeconds(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    'select extract(epoch from capstan_now() - statement_timestamp())::float8 as seconds',
  );
  return rows[0].seconds;
}

describe('capstan_now()', () => {
  test('is the database clock', async () => {
    expect(await withClient(offsetSeconds)).toBe(0);
  });

  test.each([
    ['10 minutes', 600],
    ['-1 hour', -3_600],
    ['250 milliseconds', 0.25],
  ])('is moved by %s for the connection that asks for it', async (offset, seconds) => {
    await withClient(async (client) => {
      await client.query(`set capstan.clock_offset = '${offset}'`);
      expect(await offsetSeconds(client)).toBe(seconds);
      expect(await withClient(offsetSeconds)).toBe(0);
      await client.query('reset capstan.clock_offset');
      expect(await offsetSeconds(client)).toBe(0);
    });
  });

  test('moves on within a transaction, so that a long one does not write old times', async () => {
    await withClient(async (client) => {
      await client.query('begin');
      const { rows: first } = await client.query('select capstan_now() as at');
      await client.query('select pg_sleep(0.01)');
      const { rows: second } = await client.query('select capstan_now() as at');
      expect(second[0].at.getTime()).toBeGreaterThan(first[0].at.getTime());
    });
  });

  test('is the default of the columns that hold an instant', async () => {
    const { rows } = await fixture.pool.query<{ column: string }>(
      `select table_name || '.' || column_name as column from information_schema.columns
       where table_schema = 'public' and data_type like 'timestamp%' and column_default is not null
         and column_default <> 'capstan_now()' and table_name <> 'schema_migrations'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('rows that are due', () => {
  beforeAll(async () => {
    const { pool } = fixture;
    await Promise.all([insertPayment(pool), insertCommand(pool), insertDelivery(pool)]);
    await pool.query(
      `insert into payments (key, external_id, offer_at)
       select gen_random_uuid(), 'many-' || n, case when n % 100 = 0 then now() + n * interval '1 second' end
       from generate_series(1, 20000) as n`,
    );
    await pool.query(
      `insert into commands (id, idempotency_key, fingerprint, type, payment_key, steps, status, accepted_by, offer_at)
       select gen_random_uuid(), external_id, sha256(external_id::bytea), 'payment.capture', key, '{capture}', 'accepted', 'test', offer_at
       from payments where external_id like 'many-%'`,
    );
    await pool.query(
      `insert into webhook_deliveries (id, body_sha256, body, form, event, offer_at)
       select key, sha256(external_id::bytea), '', 'body', 'x', offer_at from payments where external_id like 'many-%'`,
    );
    await pool.query('analyze payments, commands, webhook_deliveries');
  });

  test.each([
    ['payments', 'payments_offer_at_idx'],
    ['commands', 'commands_offer_at_idx'],
    ['webhook_deliveries', 'webhook_deliveries_offer_at_idx'],
  ])('of %s are found by the index %s', async (table, index) => {
    const { rows } = await fixture.pool.query<{ 'QUERY PLAN': string }>(
      `explain select * from ${table} where offer_at <= capstan_now() order by offer_at limit 100 for update skip locked`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain(`Index Scan using ${index}`);
    expect(plan).toContain('Index Cond: (offer_at <=');
  });
});
