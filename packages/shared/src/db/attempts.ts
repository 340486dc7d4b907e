import type { Pool, PoolClient } from 'pg';
import type { Operation } from '../domain/payment-command.ts';
import type { ProviderFailure } from '../provider/payment-provider.ts';
import { type ClaimedCommand, ClaimLostError } from './claims.ts';
import { storableJson } from './storable-text.ts';

export type Outcome = 'succeeded' | 'rejected' | 'retryable' | 'unknown';
export type Resolution = 'succeeded' | 'rejected' | 'retryable' | 'parked';

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

/** Written before the call leaves; `callMsMax` is the send window and the call's deadline together. */
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
       deadline_at)
     values ($1::uuid, $2::uuid, $3::smallint, $4::text, $5::integer, $6::bigint, $7::text, $9::text,
       capstan_now() + $8::float8 * interval '1 millisecond')
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

/** What one read told about an unknown outcome. */
export type Finding =
  /** The effect is there. */
  | 'found'
  /** The effect is not there now. */
  | 'absent'
  /** The payment ended without the effect and can no longer have it. */
  | 'closed'
  /** More than one payment could be ours. */
  | 'ambiguous'
  /** The externalId belongs to an older payment. */
  | 'in_use'
  /** What is there neither confirms nor rules out the effect. */
  | 'unclear'
  /** The read failed, or the state does not tell yet. */
  | 'inconclusive';

export async function addAttemptRead(
  tx: PoolClient,
  attemptId: number,
  read: { beganMsAgo: number; finding: Finding; detail: Record<string, unknown> },
): Promise<void> {
  await tx.query(
    `insert into attempt_reads (attempt_id, began_at, finding, detail)
     values ($1::bigint, capstan_now() - $2::float8 * interval '1 millisecond', $3::text, $4::jsonb)`,
    [attemptId, read.beganMsAgo, read.finding, storableJson(read.detail)],
  );
}

/** An unknown attempt with the evidence gathered since it began or its command was last redriven; times as milliseconds by the database clock. */
export interface UnknownAttempt {
  id: number;
  number: number;
  operation: Operation;
  /** By the database clock, as every instant here. */
  startedAt: Date;
  /** When the first attempt of the step began; an older payment with our externalId is not ours. */
  firstStartedAt: Date;
  failure: ProviderFailure | null;
  /** How far the payment's documents were before one was sent; null when none was, or Conomy did not say. */
  documentationBefore: string | null;
  /** How long before its beginning another document of the payment was last known to be handed in by us; null: none was. */
  documentMsBefore: number | null;
  /** A person has put the command back to work after the attempt began; that says nothing of the attempts which follow. */
  isRedriven: boolean;
  /** Time since the call's own deadline; negative while the call could still be under way. */
  pastDeadlineMs: number;
  reads: number;
  /** Reads begun after the deadline that found nothing. */
  absentReads: number;
  /** Between the beginnings of the first and the last of those. */
  absentForMs: number;
  /** From the beginning of the first of those to now. */
  firstAbsentMsAgo: number;
}

export async function loadUnknownAttempt(db: Pool | PoolClient, attemptId: number): Promise<UnknownAttempt> {
  const { rows } = await db.query<UnknownAttempt>(
    `select a.id, a.number, a.operation, a.started_at as "startedAt", a.failure,
       a.documentation_before as "documentationBefore",
       case when a.operation = 'submit_document' then (
         select (extract(epoch from a.started_at - max(coalesce(o.resolved_at, o.finished_at))) * 1000)::float8
         from attempts o
         where o.payment_key = a.payment_key and o.operation = 'submit_document' and o.command_id <> a.command_id
           and (o.outcome = 'succeeded' or o.resolution = 'succeeded')
       ) end as "documentMsBefore",
       exists (select from command_redrives d where d.command_id = a.command_id and d.attempt_id >= a.id) as "isRedriven",
       (select min(f.started_at) from attempts f where f.command_id = a.command_id and f.step = a.step) as "firstStartedAt",
       (extract(epoch from capstan_now() - a.deadline_at) * 1000)::float8 as "pastDeadlineMs",
       count(r.id)::int as reads,
       (count(r.id) filter (where r.finding = 'absent' and r.began_at >= a.deadline_at))::int as "absentReads",
       coalesce(extract(epoch from max(r.began_at) filter (where r.finding = 'absent' and r.began_at >= a.deadline_at)
         - min(r.began_at) filter (where r.finding = 'absent' and r.began_at >= a.deadline_at)) * 1000, 0)::float8
         as "absentForMs",
       coalesce(extract(epoch from capstan_now()
         - min(r.began_at) filter (where r.finding = 'absent' and r.began_at >= a.deadline_at)) * 1000, 0)::float8
         as "firstAbsentMsAgo"
     from attempts a
     left join attempt_reads r on r.attempt_id = a.id
       -- Evidence that led to parking settles nothing again: a redrive begins anew.
       and r.began_at >= coalesce((select max(d.at) from command_redrives d where d.command_id = a.command_id), '-infinity')
     where a.id = $1::bigint
     group by a.id`,
    [attemptId],
  );
  const row = rows[0];
  if (!row) throw new Error(`attempt ${attemptId} does not exist`);
  return row;
}

function asJson(value: ProviderFailure | null): string | null {
  return value === null ? null : storableJson(value);
}
