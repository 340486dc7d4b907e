import { readFile } from 'node:fs/promises';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createDatabase, dropDatabase } from '../../packages/local-stack/src/databases.ts';
import { describeSchema } from '../../packages/local-stack/src/describe-schema.ts';
import { assertSchemaIsCurrent, SchemaNotCurrentError } from '../src/check-schema.ts';
import { migrate } from '../src/migrate.ts';
import { knownMigrations, MIGRATIONS_DIR, MIGRATIONS_TABLE } from '../src/migrations.ts';
import { insertAttempt, insertCommand, insertPayment, type Row } from './schema-fixture.ts';

const NAME = 'migrate_test';
let url: string;
let pool: pg.Pool;

beforeEach(async () => {
  url = await createDatabase(inject('capstan').postgresUrl, NAME);
  pool = new pg.Pool({ connectionString: url, max: 1 });
});
afterEach(async () => {
  await pool.end();
  await dropDatabase(inject('capstan').postgresUrl, NAME);
});

async function appliedNames(): Promise<string[]> {
  const { rows } = await pool.query('select name from schema_migrations order by id');
  return rows.map(({ name }) => name);
}

describe('migrate', () => {
  test('applies every migration in order, and the second time none', async () => {
    const known = await knownMigrations();
    expect(await migrate(url)).toEqual(known);
    expect(await migrate(url)).toEqual([]);
    expect(await appliedNames()).toEqual(known);
  });

  test('may be called by several processes at once: each migration is applied once', async () => {
    const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(applied.flat().sort()).toEqual(await knownMigrations());
    expect(await appliedNames()).toEqual(await knownMigrations());
  });

  test('goes on where an earlier call stopped', async () => {
    const last = await migrateAllButTheLast();
    expect(await migrate(url)).toEqual([last]);
  });

  test('numbers its files without gaps', async () => {
    const numbers = (await knownMigrations()).map((name) => Number(name.slice(0, 6)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});

describe('assertSchemaIsCurrent', () => {
  test('passes on a migrated database, also on one that is ahead of this code', async () => {
    await migrate(url);
    await assertSchemaIsCurrent(pool);
    await pool.query(
      `insert into schema_migrations (name, run_on) values ('999999_of_a_later_version', now())`,
    );
    await assertSchemaIsCurrent(pool);
  });

  test('says what to run on an empty database', async () => {
    const known = await knownMigrations();
    const refusal = assertSchemaIsCurrent(pool);
    await expect(refusal).rejects.toBeInstanceOf(SchemaNotCurrentError);
    await expect(refusal).rejects.toThrow(
      `lacks ${known.length} migration(s), first ${known[0]}. Run \`pnpm db:migrate\``,
    );
  });

  test('names what is missing in a partly migrated database', async () => {
    const last = await migrateAllButTheLast();
    await expect(assertSchemaIsCurrent(pool)).rejects.toThrow(
      `lacks 1 migration(s), first ${last}. Run \`pnpm db:migrate\``,
    );
  });
});

describe('refunds of before 000021', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 4, 18, 10, minute));

  async function insertRefund(parent: unknown, minute: number, totalAmount: string): Promise<Row> {
    const accepted_at = at(minute);
    const row = { kind: 'refund', parent_key: parent, external_id: null, accepted_at };
    return insertPayment(pool, { ...row, snapshot: { totalAmount } });
  }

  async function insertSucceeded(payment_key: unknown, minute: number, amount: string): Promise<Row> {
    const refund = { type: 'payment.refund', steps: ['refund'], refund: { amount, currency: 'COP' } };
    const ended = { status: 'succeeded', steps_done: 1, finished_at: at(minute + 2) };
    const { id: command_id } = await insertCommand(pool, { payment_key, ...refund, ...ended });
    const span = { started_at: at(minute), finished_at: at(minute + 2) };
    const made = { operation: 'refund', outcome: 'succeeded', ...span };
    return insertAttempt(pool, { command_id, payment_key, ...made });
  }

  test('are numbered as they came in, and belong to the attempt that was at work alone', async () => {
    await migrateUpTo('000021_number_refunds');
    const { key } = await insertPayment(pool);
    const elsewhere = await insertRefund(key, 0, '5.00');
    const [first, second] = [await insertSucceeded(key, 10, '5'), await insertSucceeded(key, 20, '5.00')];
    const mine = await insertRefund(key, 11, '5.00');
    const other = await insertRefund(key, 12, '6.00');
    const [one, two] = [await insertRefund(key, 21, '5.00'), await insertRefund(key, 21, '5.00')];
    await migrate(url);
    const numbers = await pool.query(
      'select key from payments where parent_key = $1 order by refund_number',
      [key],
    );
    const [last, lastButOne] = [one.key, two.key].sort().reverse();
    expect(numbers.rows.map((row) => row.key)).toEqual([
      elsewhere.key,
      mine.key,
      other.key,
      lastButOne,
      last,
    ]);
    const attempts = await pool.query('select id, refunds_before, refund_key from attempts order by id');
    expect(attempts.rows).toEqual([
      { id: first.id, refunds_before: 1, refund_key: mine.key },
      { id: second.id, refunds_before: 3, refund_key: null },
    ]);
    await insertPayment(pool, { kind: 'refund', parent_key: key, external_id: null });
    const { rows } = await pool.query('select refunds_linked from payments where key = $1', [key]);
    expect(rows).toEqual([{ refunds_linked: 6 }]);
  });
});

describe('steps that old code left as held by a review', () => {
  const HELD = { stage: 'answered', reason: 'requires_review', httpStatus: 200 };
  const ended = { outcome: 'retryable', failure: HELD, finished_at: new Date() };

  /** A command whose newest attempt of its first step a review held. */
  async function insertHeld(command: Row, attempt: Row = {}): Promise<Row> {
    const { id: command_id, payment_key } = await insertCommand(pool, { status: 'executing', ...command });
    return insertAttempt(pool, { command_id, payment_key, ...ended, ...attempt });
  }

  async function endsOf(attempts: readonly Row[]): Promise<unknown[]> {
    const { rows } = await pool.query(
      `select id, outcome, failure ->> 'reason' as reason, resolution from attempts where id = any($1) order by id`,
      [attempts.map(({ id }) => id)],
    );
    return rows.map(({ outcome, reason, resolution }) => [outcome, reason, resolution]);
  }

  test('are unknown where they are still under way, and nothing else is', async () => {
    await migrateUpTo('000029_steps_held_by_review');
    const waiting = await insertHeld({});
    const parked = await insertHeld({ status: 'parked', problem: {} });
    const over = await insertHeld({ status: 'canceled', problem: {}, finished_at: new Date() });
    const done = await insertHeld(
      { steps: ['authorize', 'capture'], steps_done: 1 },
      { operation: 'authorize' },
    );
    const sentAgain = await insertHeld({});
    const { command_id, payment_key } = sentAgain;
    const later = await insertAttempt(pool, { command_id, payment_key, number: 2 });
    const turnedAway = await insertHeld(
      {},
      { failure: { stage: 'answered', reason: 'http_429', httpStatus: 429 } },
    );
    await migrate(url);
    const held = ['unknown', 'answered_REQUIRES_REVIEW', null];
    const as = (reason: string) => ['retryable', reason, null];
    expect(await endsOf([waiting, parked, over, done, sentAgain, later, turnedAway])).toEqual([
      held,
      held,
      as('requires_review'),
      as('requires_review'),
      as('requires_review'),
      [null, null, null],
      as('http_429'),
    ]);
    const undone = pool.query(`update attempts set outcome = 'retryable' where id = $1`, [waiting.id]);
    await expect(undone).rejects.toThrow('already ended as unknown');
  });
});

describe('db/schema.sql', () => {
  const committed = () => readFile(new URL('../schema.sql', import.meta.url), 'utf8');

  test('is what the migrations make', async () => {
    await migrate(url);
    expect(await describeSchema(url), 'run `pnpm db:dump`').toBe(await committed());
  });

  test('makes the same schema when it is run', async () => {
    await pool.query(await committed());
    expect(await describeSchema(url)).toBe(await committed());
  });
});

/** As an earlier version of the code left it. Returns the name of the migration that is missing. */
async function migrateAllButTheLast(): Promise<string> {
  const known = await knownMigrations();
  const last = known.at(-1) ?? '';
  await migrateUpTo(last);
  return last;
}

/** Applies every migration before the one of this name. */
async function migrateUpTo(name: string): Promise<void> {
  await runner({
    databaseUrl: url,
    dir: MIGRATIONS_DIR,
    direction: 'up',
    migrationsTable: MIGRATIONS_TABLE,
    count: (await knownMigrations()).indexOf(name),
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
}
