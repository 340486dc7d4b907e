import { randomBytes, randomUUID } from 'node:crypto';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { createTestDatabase } from '../../testing/src/test-database.ts';
import { openPool, type Pool, type PoolClient } from '../src/db/pool.ts';
import type { CommandStatus } from '../src/domain/command-status.ts';
import type { Operation, PaymentDocument } from '../src/domain/payment-command.ts';
import { createLogger } from '../src/telemetry/logger.ts';

/** A migrated database with a pool as the services open it; `close` in afterAll. */
export async function openDatabaseFixture({ max = 8 }: { max?: number } = {}) {
  const database = await createTestDatabase();
  const log = createLogger('test', 'fatal');
  const pool = openPool({ url: database.url, name: 'test', max, log });
  /** A pool whose connections live `offset` later (`'1 hour'`), as time passed for the database. */
  const poolLater = (offset: string) =>
    openPool({ url: database.urlLater(offset), name: 'test-later', max: 2, log });
  return {
    pool,
    /** One more, as small as a test wants it. */
    poolOf: (connections: number) =>
      openPool({ url: database.url, name: 'test-more', max: connections, log }),
    poolLater,
    close: async () => {
      await pool.end();
      await database.drop();
    },
  };
}

/** What `work` throws; null when it goes well. */
export function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

/** A statement that fails with that SQLSTATE. */
export const raise = (code: string) =>
  `do $$ begin raise exception 'made by the test' using errcode = '${code}'; end $$`;

/** Inserts a payment and returns its key; without a status Conomy does not know it yet. */
export async function insertPayment(
  pool: Pool | PoolClient,
  over: { status?: string; conomyId?: string | null; snapshot?: object; reads?: number } = {},
): Promise<string> {
  const key = randomUUID();
  const conomyId = over.conomyId === undefined ? (over.status ? `conomy-${key}` : null) : over.conomyId;
  await pool.query(
    `insert into payments (key, conomy_id, external_id, status, cause, snapshot, reads)
     values ($1, $2, $3, $4, 'read', $5, $6)`,
    [key, conomyId, `ext-${key}`, over.status ?? null, over.snapshot ?? {}, over.reads ?? 0],
  );
  return key;
}

export interface CommandToInsert {
  paymentKey?: string;
  /** A document to submit; a capture unless given. */
  document?: PaymentDocument;
  status?: CommandStatus;
  steps?: Operation[];
  /** Milliseconds from now. */
  dueMs?: number;
  offerMs?: number | null;
}

/** Inserts a capture or the submission of a document, due and offered now unless said otherwise, and returns its id. */
export async function insertCommand(pool: Pool | PoolClient, over: CommandToInsert = {}): Promise<string> {
  const id = randomUUID();
  const status = over.status ?? 'accepted';
  const isRunnable = status === 'accepted' || status === 'executing' || status === 'unresolved';
  await pool.query(
    `insert into commands (id, idempotency_key, fingerprint, payment_key, steps, status, accepted_by, problem, due_at, offer_at, type,
       document)
     values ($1, $2, $3, $4, $5, $6, 'test', $7,
       capstan_now() + $8::float8 * interval '1 millisecond', capstan_now() + $9::float8 * interval '1 millisecond',
       $10, $11)`,
    [
      id,
      `key-${id}`,
      randomBytes(32),
      over.paymentKey ?? (await insertPayment(pool, { status: 'CREATED' })),
      over.steps ?? [over.document ? 'submit_document' : 'capture'],
      status,
      status === 'parked' ? '{}' : null,
      over.dueMs ?? 0,
      isRunnable ? (over.offerMs ?? 0) : null,
      over.document ? 'payment.submit-document' : 'payment.capture',
      over.document ?? null,
    ],
  );
  return id;
}

export async function readRow(
  pool: Pool,
  table: string,
  column: string,
  value: unknown,
): Promise<Record<string, unknown>> {
  const { rows } = await pool.query(`select * from ${table} where ${column} = $1`, [value]);
  return rows[0];
}
