import type { Pool, PoolClient } from 'pg';
import type { Operation } from '../domain/payment-command.ts';
import type { ProviderFailure } from '../provider/payment-provider.ts';
import { type ClaimedCommand, ClaimLostError } from './claims.ts';
import { storableJson } from './storable-text.ts';

export type Outcome = 'succeeded' | 'rejected' | 'retryable' | 'unknown';
export type Resolution = 'succeeded' | 'rejected' | 'retryable' | 'parked' | 'ruled_out';

export interface AttemptRow {
  id: number;
  commandId: string;
  step: number;
  operation: Operation;
  number: number;
  worker: string;
  startedAt: Date;
  finishedAt: Date | null;
  outcome: Outcome | null;
  failure: ProviderFailure | null;
  resolution: Resolution | null;
  resolvedAt: Date | null;
}

const COLUMNS = `id, command_id as "commandId", step, operation, number, worker, started_at as "startedAt",
  finished_at as "finishedAt", outcome, failure, resolution, resolved_at as "resolvedAt"`;

export async function findAttemptsOfCommand(db: Pool | PoolClient, commandId: string): Promise<AttemptRow[]> {
  const { rows } = await db.query<AttemptRow>(
    `select ${COLUMNS} from attempts where command_id = $1::uuid order by id`,
    [commandId],
  );
  return rows;
}

/** Of several commands at once, in the order they began. */
export async function findAttemptsOfCommands(
  db: Pool | PoolClient,
  commandIds: readonly string[],
): Promise<AttemptRow[]> {
  const { rows } = await db.query<AttemptRow>(
    `select ${COLUMNS} from attempts where command_id = any($1::uuid[]) order by id`,
    [commandIds],
  );
  return rows;
}

export async function findAttemptsOfPayment(
  db: Pool | PoolClient,
  paymentKey: string,
): Promise<AttemptRow[]> {
  const { rows } = await db.query<AttemptRow>(
    `select ${COLUMNS} from attempts where payment_key = $1::uuid order by id`,
    [paymentKey],
  );
  return rows;
}

/**
 * Written before the call leaves; `callMsMax` is the send window and the call's deadline together. Of a refund it notes
 * which of the payment's refunds are there before; the caller holds the payment's row since they were listed.
 */
export async function beginAttempt(
  tx: PoolClient,
  command: ClaimedCommand,
  attempt: {
    operation: Operation;
    number: number;
    worker: string;
    callMsMax: number;
    /** How far the payment's documents were, before one is sent; null for every other operation. */
    documentationBefore: string | null;
  },
): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(
    `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, documentation_before,
       deadline_at, refunds_before, refunds_listed_at)
     select $1::uuid, $2::uuid, $3::smallint, $4::text, $5::integer, $6::bigint, $7::text, $9::text,
       capstan_now() + $8::float8 * interval '1 millisecond', p.refunds_linked, p.refunds_listed_at
     from (values (true)) as one(row) left join payments p on p.key = $2::uuid and $4::text = 'refund'
     returning id`,
    [
      command.id,
      command.paymentKey,
      command.stepsDone,
      attempt.operation,
      attempt.number,
      command.epoch,
      attempt.worker,
      attempt.callMsMax,
      attempt.documentationBefore,
    ],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error(`no attempt row was written for command ${command.id}`);
  return id;
}

/**
 * Writes the outcome, once, and only for the claim under which the attempt began.
 * @throws {ClaimLostError} when the attempt was already ended by whoever took over.
 */
export async function finishAttempt(
  tx: PoolClient,
  command: ClaimedCommand,
  attemptId: number,
  result: { outcome: Outcome; failure: ProviderFailure | null },
): Promise<void> {
  const { rowCount } = await tx.query(
    `update attempts set outcome = $3::text, failure = $4::jsonb, finished_at = capstan_now()
     where id = $1::bigint and claim_epoch = $2::bigint and outcome is null`,
    [attemptId, command.epoch, result.outcome, asJson(result.failure)],
  );
  if (rowCount !== 1) throw new ClaimLostError(command.id, command.epoch);
}

/** An attempt whose worker died or lost its claim: nobody knows what came of it. */
export async function markAttemptAbandoned(tx: PoolClient, attemptId: number): Promise<void> {
  const failure: ProviderFailure = { stage: 'no_clear_answer', reason: 'worker_lost' };
  await tx.query(
    `update attempts set outcome = 'unknown', failure = $2::jsonb, finished_at = capstan_now()
     where id = $1::bigint and outcome is null`,
    [attemptId, asJson(failure)],
  );
}

/** Whether the outcome of an earlier attempt of the same step was unknown at first. */
export async function followsUnknownAttempt(db: Pool | PoolClient, attemptId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from attempts a join attempts e on e.command_id = a.command_id and e.step = a.step and e.number < a.number
     where a.id = $1::bigint and e.outcome = 'unknown' limit 1`,
    [attemptId],
  );
  return rowCount === 1;
}

/** Whether a person has ruled out what the create of the payment did: should it show up, it is not bound to it. */
export async function isCreateRuledOut(db: Pool | PoolClient, paymentKey: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from attempts where payment_key = $1::uuid and operation in ('create', 'create_attempt')
       and resolution = 'ruled_out' limit 1`,
    [paymentKey],
  );
  return rowCount === 1;
}

/** The command is parked with its newest attempt still open: what the provider did is for a person to find out. */
export async function parkOpenAttempts(tx: PoolClient, commandId: string): Promise<void> {
  await tx.query(
    `update attempts set
       outcome = 'unknown', finished_at = coalesce(finished_at, capstan_now()),
       resolution = 'parked', resolved_at = capstan_now()
     where command_id = $1::uuid and (outcome is null or outcome = 'unknown') and resolution is null`,
    [commandId],
  );
}

/** Settles an unknown outcome; one that was parked may be settled after all, every other resolution stays. */
export async function resolveAttempt(
  tx: PoolClient,
  attemptId: number,
  resolution: Resolution,
): Promise<void> {
  await tx.query(
    `update attempts set resolution = $2::text, resolved_at = capstan_now()
     where id = $1::bigint and outcome = 'unknown' and (resolution is null or resolution = 'parked')`,
    [attemptId, resolution],
  );
}

function asJson(value: ProviderFailure | null): string | null {
  return value === null ? null : storableJson(value);
}
