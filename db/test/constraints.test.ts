import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CASES } from './constraint-cases.ts';
import {
  insertAttempt,
  insertCommand,
  insertPayment,
  openSchemaFixture,
  refusalOf,
} from './schema-fixture.ts';

let fixture: Awaited<ReturnType<typeof openSchemaFixture>>;
beforeAll(async () => {
  fixture = await openSchemaFixture();
});
afterAll(() => fixture.close());

const now = () => new Date();
const done = { outcome: 'succeeded', finished_at: now() };

describe('the database refuses', () => {
  test.each(CASES)('%s (%s)', async (_what, constraint, attempt) => {
    expect(await refusalOf(attempt(fixture.pool))).toBe(constraint);
  });
});

/** Primary keys drawn by the database or the services, and the position drawn by the database. */
const DRAWN =
  /^(payments|commands|events|attempts|attempt_reads|webhook_deliveries|command_redrives|command_conclusions|pauses|discrepancies|scan_requests)_pkey$|^commands_position_key$/;

test('every constraint and unique index of the schema has a case above', async () => {
  const { rows } = await fixture.pool.query<{ name: string }>(
    `select conname as name from pg_constraint
     where connamespace = 'public'::regnamespace and contype in ('p', 'u', 'c', 'f')
       and conrelid <> 'schema_migrations'::regclass
     union
     select indexrelid::regclass::text from pg_index
     where indisunique and indrelid::regclass::text = any(array['payments', 'commands', 'attempts', 'webhook_deliveries', 'pauses', 'discrepancies'])`,
  );
  const tested = new Set(CASES.map(([, constraint]) => constraint));
  expect(rows.map(({ name }) => name).filter((name) => !tested.has(name) && !DRAWN.test(name))).toEqual([]);
});

describe('the database allows', () => {
  test('a released externalId to be used again', async () => {
    const { external_id } = await insertPayment(fixture.pool, { external_id_released_at: now() });
    const again = await insertPayment(fixture.pool, { external_id });
    expect(again.external_id).toBe(external_id);
  });

  test('any number of blocked commands behind the one at work', async () => {
    const { payment_key } = await insertCommand(fixture.pool);
    await insertCommand(fixture.pool, { payment_key, status: 'blocked' });
    expect((await insertCommand(fixture.pool, { payment_key, status: 'blocked' })).status).toBe('blocked');
  });

  test('one success each of create, authorize and capture', async () => {
    const { command_id, payment_key } = await insertAttempt(fixture.pool, done);
    await insertAttempt(fixture.pool, {
      command_id,
      payment_key,
      operation: 'authorize',
      number: 2,
      ...done,
    });
    const third = { command_id, payment_key, operation: 'create', number: 3, ...done };
    expect((await insertAttempt(fixture.pool, third)).outcome).toBe('succeeded');
  });

  test('a create body to keep its text: member order, spaces and amounts as sent', async () => {
    const text = '{"b": 1.0,  "a":"30000.00"}';
    const over = { type: 'payment.create', steps: ['create'], create_body: text };
    const { id } = await insertCommand(fixture.pool, over);
    const { rows } = await fixture.pool.query(
      'select create_body::text as body from commands where id = $1',
      [id],
    );
    expect(rows[0].body).toBe(text);
  });
});
