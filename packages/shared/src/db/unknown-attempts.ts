import type { Pool, PoolClient } from 'pg';
import type { Operation } from '../domain/payment-command.ts';
import type { ProviderFailure } from '../provider/payment-provider.ts';
import type { ReadingProcess } from './scans.ts';
import { storableJson } from './storable-text.ts';

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
  /** A review of the payment holds the step: it takes effect when that ends well. */
  | 'held'
  /** The read failed, or the state does not tell yet. */
  | 'inconclusive';

/** One read of the provider about an unknown outcome. */
export interface AttemptRead extends ReadingProcess {
  /** How long ago it began, by the database clock. */
  beganMsAgo: number;
  /** The provider told something. */
  answered: boolean;
  finding: Finding;
  detail: Record<string, unknown>;
}

export async function addAttemptRead(tx: PoolClient, attemptId: number, read: AttemptRead): Promise<void> {
  await tx.query(
    `insert into attempt_reads (attempt_id, began_at, finding, detail, process, process_ms, answered)
     values ($1::bigint, capstan_now() - $2::float8 * interval '1 millisecond', $3::text, $4::jsonb, $5::text,
       $6::float8, $7::boolean)`,
    [
      attemptId,
      read.beganMsAgo,
      read.finding,
      storableJson(read.detail),
      read.process,
      read.processMs,
      read.answered,
    ],
  );
}

/** An unknown attempt with the evidence gathered since it began or its command was last redriven. */
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
  /** Of a refund: the number its payment had reached when it began; null when old code began it. */
  refundsBefore: number | null;
  /** When Conomy wrote the list of refunds before it, by its own clock; null when it did not say. */
  refundsListedAt: Date | null;
  /** The refund that the answer named: its Conomy id. */
  refundId: string | null;
  /** A person has put the command back to work after the attempt began; that says nothing of the attempts which follow. */
  isRedriven: boolean;
  /** A review of the payment held it, as its answer or a read told: an absence behind it is no failure. */
  wasHeld: boolean;
  /** Time since the call's own deadline by the database clock, which may jump; negative while the call could still be under way. */
  pastDeadlineMs: number;
  reads: number;
  /** Reads begun after the deadline that found nothing; of a refund nothing that could be told to be it. */
  absentReads: number;
  /** The longest time between two of those by the clock of one process that made both. */
  absentForMs: number;
  /** From the first that such a span may begin with to now, by the database clock: tells when to read again, proves nothing. */
  firstAbsentMsAgo: number;
  /** For how long the provider has been answering reads without telling the outcome, by the clock of one process. */
  answeredForMs: number;
  /** The longest a call of the attempt could be under way. */
  callMs: number;
  /** By process: when it first read for this attempt, by its own clock. */
  firstReadMs: Record<string, number>;
}

/** Between two reads further apart than this the provider may have been away. */
export const ANSWERED_GAP_MS_MAX = 5 * 60_000;

/**
 * What is known of an unknown attempt. A clock of the database that jumps shortens nothing: time counts only between two reads of
 * one process, and a process knows by its own clock that the deadline is past when it first read that long ago.
 */
export async function loadUnknownAttempt(db: Pool | PoolClient, attemptId: number): Promise<UnknownAttempt> {
  const { rows } = await db.query<UnknownAttempt>(
    `with attempt as (
       select *, (extract(epoch from deadline_at - started_at) * 1000)::float8 as call_ms
       from attempts where id = $1::bigint
     ), made as (
       select r.*, r.process_ms - min(r.process_ms) over (partition by r.process) >= a.call_ms as is_surely_past,
         r.began_at >= a.deadline_at as is_past
       from attempt_reads r join attempt a on a.id = r.attempt_id
     ), evidence as (
       -- Evidence that led to parking settles nothing again: a redrive begins anew.
       select *, count(*) filter (where answered is not true) over (order by id) as untold from made
       where began_at >= coalesce((select max(d.at) from command_redrives d join attempt a on a.command_id = d.command_id),
         '-infinity')
     ), absent as (
       -- What was not there before a review says nothing of what it then held.
       select * from evidence where finding in ('absent', 'ambiguous') and (is_past or is_surely_past)
         and id > coalesce((select max(id) from evidence where finding = 'held'), 0)
     ), spans as (
       select max(process_ms) - min(process_ms) as ms from absent where is_surely_past group by process
     ), answered as (
       select process, process_ms - lag(process_ms) over of_process as ms, untold = lag(untold) over of_process as is_told
       from evidence where answered and process is not null
       window of_process as (partition by process order by id)
     ), patience as (
       select sum(least(ms, $2::float8)) filter (where is_told) as ms from answered group by process
     )
     select a.id, a.number, a.operation, a.started_at as "startedAt", a.failure, a.call_ms as "callMs",
       a.documentation_before as "documentationBefore",
       a.refunds_before as "refundsBefore", a.refunds_listed_at as "refundsListedAt",
       (select p.conomy_id from payments p where p.key = a.refund_key) as "refundId",
       case when a.operation = 'submit_document' then (
         select (extract(epoch from a.started_at - max(coalesce(o.resolved_at, o.finished_at))) * 1000)::float8
         from attempts o
         where o.payment_key = a.payment_key and o.operation = 'submit_document' and o.command_id <> a.command_id
           and (o.outcome = 'succeeded' or o.resolution = 'succeeded')
       ) end as "documentMsBefore",
       exists (select from command_redrives d where d.command_id = a.command_id and d.attempt_id >= a.id) as "isRedriven",
       (select min(f.started_at) from attempts f where f.command_id = a.command_id and f.step = a.step) as "firstStartedAt",
       (extract(epoch from capstan_now() - a.deadline_at) * 1000)::float8 as "pastDeadlineMs",
       a.failure ->> 'reason' is not distinct from 'answered_REQUIRES_REVIEW' or exists (select from made where finding = 'held')
         as "wasHeld",
       (select count(*)::int from evidence) as reads,
       (select count(*)::int from absent) as "absentReads",
       coalesce((select max(ms) from spans), 0)::float8 as "absentForMs",
       coalesce((select extract(epoch from capstan_now() - min(began_at)) * 1000 from absent where is_surely_past), 0)::float8
         as "firstAbsentMsAgo",
       coalesce((select max(ms) from patience), 0)::float8 as "answeredForMs",
       coalesce((select jsonb_object_agg(process, ms) from (
         select process, min(process_ms) as ms from made where process is not null group by process
       ) f), '{}') as "firstReadMs"
     from attempt a`,
    [attemptId, ANSWERED_GAP_MS_MAX],
  );
  const row = rows[0];
  if (!row) throw new Error(`attempt ${attemptId} does not exist`);
  return row;
}
