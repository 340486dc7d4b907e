import { randomUUID } from 'node:crypto';
import { createAnnouncer, PROGRESS } from '@capstan/shared/db/announcements';
import { type CommandRow, findCommand } from '@capstan/shared/db/commands';
import { holdCommand, markRedriven } from '@capstan/shared/db/interventions';
import { openPool, type Pool } from '@capstan/shared/db/pool';
import { inTransaction } from '@capstan/shared/db/transaction';
import { isEnded } from '@capstan/shared/domain/command-status';
import { openSender } from '@capstan/shared/queue/sender';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { collectBody } from '@capstan/testing/create-bodies';
import { createTestDatabase } from '@capstan/testing/test-database';
import { createTestGate } from '@capstan/testing/test-gate';
import { startTestProvider } from '@capstan/testing/test-provider';
import { createTestQueue } from '@capstan/testing/test-queue';
import { until } from '@capstan/testing/until';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import { capturerTimings } from '../src/timings.ts';

/** Short enough for a test, in the proportions of the real ones. */
const TIMINGS = {
  sendWindowMs: 2_000,
  callMsMax: 1_000,
  absenceReadsMin: 3,
  absenceSpanMs: 600,
  scanRowsMax: 1_000_000,
  unknownMsMax: 7_200_000,
  refundUnreadableMs: 60_000,
};

/**
 * A capturer's context on a real PostgreSQL, queue and sandbox. `close` in afterAll. `regulated`: the gate is told of
 * the calls and looks at the shared rows by itself, as in a service; else the faults of a test shut nothing.
 */
export async function openCapturerFixture({ regulated = false } = {}) {
  const database = await createTestDatabase();
  const queue = await createTestQueue(database.url);
  const log = createLogger('capturer-test', 'fatal');
  const pool = openPool({ url: database.url, name: 'capturer-test', max: 10, log });
  const gate = createTestGate(pool);
  const provider = await startTestProvider({
    callTimeoutMs: TIMINGS.callMsMax,
    ...(regulated ? { traffic: gate } : {}),
  });
  if (regulated) await gate.open(() => provider.client.listPayments({}, { limit: 1, offset: 0 }));
  const commands = openSender('commands', queue.url, log);
  const reads = openSender('reads', queue.url, log);
  const progress = createAnnouncer(pool, PROGRESS, log);
  const context: CapturerContext = {
    pool,
    provider: provider.client,
    gate,
    readers: { begin: (_id, work) => work() },
    commands,
    reads,
    progress,
    log,
    timings: capturerTimings(TIMINGS),
    worker: 'test-worker',
    random: () => 0.5,
    monotonicMs: () => performance.now(),
  };
  return {
    context,
    pool,
    control: provider.control,
    /** A second capturer on the same database: its own connections and ears. End it before the fixture. */
    another: (worker: string) => {
      const own = openPool({ url: database.url, name: worker, max: 10, log });
      return { context: { ...context, pool: own, worker }, close: () => own.end() };
    },
    close: async () => {
      await Promise.all([commands.close(), reads.close(), gate.close()]);
      await provider.close();
      await progress.idle();
      await pool.end();
      await queue.stop();
      await database.drop();
    },
  };
}

export type CapturerFixture = Awaited<ReturnType<typeof openCapturerFixture>>;

/** The provider as it is for one whose every create takes effect while its answer is lost. */
export function losingCreates(provider: CapturerContext['provider']): CapturerContext['provider'] {
  return {
    ...provider,
    createPayment: async (body) => {
      await provider.createPayment(body);
      return { ok: false, failure: { stage: 'no_clear_answer', reason: 'reset' } };
    },
  };
}

export interface InsertedCommand {
  id: string;
  paymentKey: string;
  externalId: string;
}

/** Executes the command, again whenever it is due, until it ended or is parked; then the command. */
export function runToItsEnd(
  { pool, context }: Pick<CapturerFixture, 'pool' | 'context'>,
  id: string,
): Promise<CommandRow> {
  return until(
    async () => {
      await executeCommand(context, id);
      const command = await findCommand(pool, id);
      return command !== null && (isEnded(command.status) || command.status === 'parked') && command;
    },
    { deadlineMs: 15_000, what: `command ${id} ends` },
  );
}

/** Beginnings of the reads past the call's deadline that found nothing, in milliseconds of the clock of the process that read. */
export async function absentReadsOf(pool: Pool, commandId: string): Promise<number[]> {
  const { rows } = await pool.query<{ ms: number }>(
    `select r.process_ms as ms from attempt_reads r join attempts a on a.id = r.attempt_id
     where a.command_id = $1 and r.finding = 'absent' and r.began_at >= a.deadline_at order by 1`,
    [commandId],
  );
  return rows.map(({ ms }) => ms);
}

/** Puts a parked command back to work as the api does for an operator. */
export async function redrive({ pool }: Pick<CapturerFixture, 'pool'>, id: string): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const held = await holdCommand(tx, id);
    if (held === null) throw new Error(`command ${id} is gone`);
    await markRedriven(tx, held, { by: 'operator', reason: 'looked at it', graceMs: 5_000 });
  });
}

/** Writes an accepted create command as the api does. */
export async function insertCreate(
  pool: Pool,
  {
    then = ['capture'],
    body,
    notAfter = null,
  }: { then?: string[]; body?: Record<string, unknown>; notAfter?: string | null } = {},
): Promise<InsertedCommand> {
  const externalId = `ext-${randomUUID()}`;
  const create = { ...collectBody(externalId), ...body };
  const paymentKey = randomUUID();
  await pool.query('insert into payments (key, external_id, snapshot) values ($1, $2, $3)', [
    paymentKey,
    externalId,
    create,
  ]);
  const id = await insertRow(pool, {
    paymentKey,
    type: 'payment.create',
    steps: ['create', ...then],
    createBody: create,
    notAfter,
  });
  return { id, paymentKey, externalId };
}

/** Writes a create whose answer was lost a moment ago, claimed by a capturer that is about to look for it. */
export async function insertLostCreate(pool: Pool): Promise<InsertedCommand & { attemptId: number }> {
  const create = await insertCreate(pool, { then: [] });
  const { rows } = await pool.query<{ id: number }>(
    `with claimed as (
       update commands set status = 'unresolved', claimed_until = capstan_now() + interval '1 minute' where id = $1
     )
     insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, outcome,
       finished_at)
     values ($1, $2, 0, 'create', 1, 0, 'test', capstan_now(), 'unknown', capstan_now()) returning id`,
    [create.id, create.paymentKey],
  );
  return { ...create, attemptId: rows[0]?.id ?? 0 };
}

/** Writes a command about a payment that exists, `blocked` behind an earlier one or runnable. */
export function insertLater(
  pool: Pool,
  paymentKey: string,
  operation: 'authorize' | 'capture',
  status = 'accepted',
  notAfter: string | null = null,
) {
  return insertRow(pool, {
    paymentKey,
    type: `payment.${operation}`,
    steps: [operation],
    createBody: null,
    notAfter,
    status,
  });
}

/** Writes a refund command of COP about a payment that exists. */
export function insertRefund(pool: Pool, paymentKey: string, amount: string, status = 'accepted') {
  return insertRow(pool, {
    paymentKey,
    type: 'payment.refund',
    steps: ['refund'],
    createBody: null,
    refund: { amount, currency: 'COP' },
    notAfter: null,
    status,
  });
}

/** Writes a command that hands in a document for the review of a payment. */
export function insertDocument(pool: Pool, paymentKey: string, status = 'accepted') {
  return insertRow(pool, {
    paymentKey,
    type: 'payment.submit-document',
    steps: ['submit_document'],
    createBody: null,
    document: {
      type: 'source_of_funds',
      url: 'https://files.example/funds.pdf',
      contentType: 'application/pdf',
    },
    notAfter: null,
    status,
  });
}

/** Writes a command that creates a payment attempt. */
export async function insertAttempt(pool: Pool): Promise<InsertedCommand> {
  const externalId = `attempt-${randomUUID()}`;
  const create = collectBody(externalId);
  const paymentKey = randomUUID();
  await pool.query(`insert into payments (key, external_id, kind, snapshot) values ($1, $2, 'attempt', $3)`, [
    paymentKey,
    externalId,
    create,
  ]);
  const row = { paymentKey, type: 'payment-attempt.create', steps: ['create_attempt'], createBody: create };
  return { id: await insertRow(pool, { ...row, notAfter: null }), paymentKey, externalId };
}

async function insertRow(
  pool: Pool,
  row: {
    paymentKey: string;
    type: string;
    steps: string[];
    createBody: unknown;
    refund?: unknown;
    document?: unknown;
    notAfter: string | null;
    status?: string;
  },
): Promise<string> {
  const id = randomUUID();
  await pool.query(
    `insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, refund, steps, status,
       not_after, offer_at, accepted_by, document)
     values ($1, $2, decode(repeat('00', 32), 'hex'), $3, $4, $5, $6, $7, $8, $9,
       case when $8 = 'accepted' then capstan_now() end, 'test', $10)`,
    [
      id,
      `key-${id}`,
      row.type,
      row.paymentKey,
      row.createBody === null ? null : JSON.stringify(row.createBody),
      row.refund ?? null,
      row.steps,
      row.status ?? 'accepted',
      row.notAfter,
      row.document ?? null,
    ],
  );
  return id;
}
