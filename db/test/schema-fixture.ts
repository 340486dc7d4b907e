import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { createTestDatabase } from '../../packages/testing/src/test-database.ts';

export type Row = Record<string, unknown>;

/** A migrated database of its own with one pool; `close` in afterAll. */
export async function openSchemaFixture() {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  return {
    pool,
    url: database.url,
    close: async () => {
      await pool.end();
      await database.drop();
    },
  };
}

/** Inserts one row and returns it whole. Table and column names come from the tests alone. */
export async function insert(db: pg.Pool, table: string, row: Row): Promise<Row> {
  const columns = Object.keys(row);
  const values = columns.map((_, index) => `$${index + 1}`);
  const { rows } = await db.query(
    `insert into ${table} (${columns.join(', ')}) values (${values.join(', ')}) returning *`,
    Object.values(row),
  );
  return rows[0];
}

/** Changes the row of `table` whose key column has this value. */
export async function update(
  db: pg.Pool,
  table: string,
  where: [column: string, value: unknown],
  change: Row,
): Promise<void> {
  const set = Object.keys(change).map((column, index) => `${column} = $${index + 2}`);
  await db.query(`update ${table} set ${set.join(', ')} where ${where[0]} = $1`, [
    where[1],
    ...Object.values(change),
  ]);
}

/** A payment that Conomy knows, in the given state. */
export function insertPayment(db: pg.Pool, over: Row = {}): Promise<Row> {
  const key = randomUUID();
  return insert(db, 'payments', { key, conomy_id: `conomy-${key}`, external_id: `ext-${key}`, ...over });
}

/** A runnable capture of a new payment, unless `over` names one. */
export async function insertCommand(db: pg.Pool, over: Row = {}): Promise<Row> {
  const id = randomUUID();
  return insert(db, 'commands', {
    id,
    idempotency_key: `key-${id}`,
    fingerprint: randomBytes(32),
    type: 'payment.capture',
    payment_key: over.payment_key ?? (await insertPayment(db)).key,
    steps: ['capture'],
    status: 'accepted',
    accepted_by: 'test',
    ...over,
  });
}

/** A capture call under way for a new command, unless `over` names one. */
export async function insertAttempt(db: pg.Pool, over: Row = {}): Promise<Row> {
  const command = over.command_id ? null : await insertCommand(db);
  return insert(db, 'attempts', {
    command_id: command?.id,
    payment_key: over.payment_key ?? command?.payment_key,
    step: 0,
    operation: 'capture',
    number: 1,
    claim_epoch: 1,
    worker: 'test',
    deadline_at: new Date(),
    ...over,
  });
}

/** A verified delivery that waits to be applied. */
export function insertDelivery(db: pg.Pool, over: Row = {}): Promise<Row> {
  return insert(db, 'webhook_deliveries', {
    id: randomUUID(),
    body_sha256: randomBytes(32),
    body: Buffer.from('{}'),
    form: 'body',
    event: 'Transaction.Captured',
    ...over,
  });
}

/** What refused the statement: the name of the constraint or index, or the text of a trigger. */
export async function refusalOf(statement: Promise<unknown>): Promise<string> {
  try {
    await statement;
  } catch (error) {
    const { constraint, message } = error as pg.DatabaseError;
    return constraint ?? message;
  }
  return 'nothing refused it';
}
