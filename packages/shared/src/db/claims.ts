import type { Pool, PoolClient } from 'pg';
import type { AskedPayment, ComparedField } from '../domain/bound-means-equal.ts';
import type { WaitsFor } from '../domain/command-status.ts';
import type { CommandType, Operation, PaymentDocument } from '../domain/payment-command.ts';
import { askedOf } from './asked-payment.ts';
import type { CommandProblem, RefundRequest } from './commands.ts';
import { storableJson } from './storable-text.ts';

/** Everything a capturer needs to decide what to do next with a command it has claimed. */
export interface ClaimedCommand {
  id: string;
  epoch: number;
  type: CommandType;
  steps: Operation[];
  stepsDone: number;
  failures: number;
  /**
   * Turns that failed by the command itself since a step of it was done or a look for an unknown outcome was answered: what goes on
   * like that comes to an end by other rules. A turn that only waited, or met trouble of the provider, says nothing.
   */
  tries: number;
  /** Reads in a row, before its current step, that were answered and told too little. */
  vainReads: number;
  /** The create body as accepted, as JSON text; null for commands about an existing payment. */
  createBody: string | null;
  refund: RefundRequest | null;
  document: PaymentDocument | null;
  /** Its notAfter instant on the monotonic clock of whoever claimed it; null when it has none. */
  notAfterAtMs: number | null;
  /** Whether that has passed, as of the decision to be made. */
  deadlinePassed: boolean;
  /** Put back by a person since its newest attempt began: the payment is read before anything is sent. */
  redriven: boolean;
  paymentKey: string;
  /** The older key whose Conomy payment this one turned out to be. */
  duplicateOf: string | null;
  /** An attempt moves no money and takes no step but its own creation. */
  paymentKind: 'payment' | 'attempt' | 'refund';
  /** Conomy's payment type; null for a payment never seen. */
  paymentType: string | null;
  conomyId: string | null;
  externalId: string | null;
  /** What the create of its payment asked for; null when no create of ours made it. */
  asked: AskedPayment | null;
  /** Whether Conomy has named all that binds the payment, and it was what was asked for. */
  isCompared: boolean;
  /** In what a read under this claim showed the payment not to be the one asked for. */
  differs: readonly ComparedField[];
  /** Whether an `amount_differs` of the payment is open: no step after its create leaves. */
  amountDiffers: boolean;
  paymentStatus: string | null;
  /** Milliseconds since the mirror entered that status. */
  paymentAgeMs: number;
  /** Of the mirror, with that status. */
  paymentVersion: number;
  /** How far Conomy said the payment's documents are; null when it never said. */
  documentationStatus: string | null;
  /** The newest attempt of the current step. */
  attempt: ClaimedAttempt | null;
}

export interface ClaimedAttempt {
  id: number;
  number: number;
  outcome: 'succeeded' | 'rejected' | 'retryable' | 'unknown' | null;
  resolution: string | null;
}

/**
 * Takes a command for `leaseMs`: raises its epoch, so that whoever held it before can write nothing more.
 * Null when it has ended, waits, is not due or is held by a live claim.
 */
export async function claimCommand(
  tx: PoolClient,
  claim: {
    id: string;
    worker: string;
    leaseMs: number;
    /** The claimant's monotonic clock, taken before. */
    nowMs: number;
  },
): Promise<ClaimedCommand | null> {
  const { rows } = await tx.query<ClaimedCommand>(
    `with claimed as (
       update commands set
         status = case when status = 'accepted' then 'executing' else status end,
         claim_epoch = claim_epoch + 1,
         waits_for = null,
         claimed_by = $2::text,
         claimed_until = capstan_now() + $3::float8 * interval '1 millisecond',
         offer_at = capstan_now() + $3::float8 * interval '1 millisecond'
       where id = $1::uuid
         and status in ('accepted', 'executing', 'unresolved')
         and (claimed_until is null or claimed_until <= capstan_now())
         -- A delayed job may fire a little early by another machine's clock.
         and due_at <= capstan_now() + interval '200 milliseconds'
       returning *
     )
     select c.id, c.claim_epoch as epoch, c.type, c.steps, c.steps_done as "stepsDone", c.failures, c.tries, c.vain_reads as "vainReads",
       c.create_body::text as "createBody", c.refund, c.document,
       $4::float8 + (extract(epoch from c.not_after - capstan_now()) * 1000)::float8 as "notAfterAtMs",
       coalesce(c.not_after <= capstan_now(), false) as "deadlinePassed",
       c.payment_key as "paymentKey", p.duplicate_of as "duplicateOf", p.kind as "paymentKind", p.snapshot->>'type' as "paymentType", p.conomy_id as "conomyId", p.external_id as "externalId",
       ${askedOf('c.payment_key')} as asked, p.compared_at is not null as "isCompared", '{}'::text[] as differs,
       exists (
         select from discrepancies d
         where d.payment_key = c.payment_key and d.kind = 'amount_differs' and d.status = 'open'
       ) as "amountDiffers",
       p.status as "paymentStatus", p.version as "paymentVersion",
       (extract(epoch from capstan_now() - p.moved_at) * 1000)::float8 as "paymentAgeMs", p.snapshot->>'documentationStatus' as "documentationStatus",
       exists (
         select from command_redrives r
         where r.command_id = c.id and (a.id is null or r.attempt_id >= a.id)
       ) as redriven,
       case when a.id is not null then
         jsonb_build_object('id', a.id, 'number', a.number, 'outcome', a.outcome, 'resolution', a.resolution)
       end as attempt
     from claimed c
     join payments p on p.key = c.payment_key
     left join lateral (
       select * from attempts where command_id = c.id and step = c.steps_done order by number desc limit 1
     ) a on true`,
    [claim.id, claim.worker, claim.leaseMs, claim.nowMs],
  );
  return rows[0] ?? null;
}

/** The worker's claim was taken over; it must write nothing and stop. */
export class ClaimLostError extends Error {
  readonly code = 'claim_lost';

  constructor(commandId: string, epoch: number) {
    super(`the claim on command ${commandId} at epoch ${epoch} was taken over`);
    this.name = 'ClaimLostError';
  }
}

/** A fenced change to a claimed command. @throws {ClaimLostError} when another worker holds it now. */
async function updateClaimed(
  tx: PoolClient,
  command: ClaimedCommand,
  set: string,
  values: unknown[],
): Promise<void> {
  const { rowCount } = await tx.query(
    `update commands set ${set} where id = $1::uuid and claim_epoch = $2::bigint
       and status in ('executing', 'unresolved')`,
    [command.id, command.epoch, ...values],
  );
  if (rowCount !== 1) throw new ClaimLostError(command.id, command.epoch);
}

/** Keeps the claim for another call and notes how far the plan has come. */
export function continueCommand(
  tx: PoolClient,
  command: ClaimedCommand,
  claim: { status: 'executing' | 'unresolved'; leaseMs: number },
): Promise<void> {
  return updateClaimed(
    tx,
    command,
    `status = $3::text, steps_done = $4::smallint, failures = $5::smallint, tries = $7::integer,
     claimed_until = capstan_now() + $6::float8 * interval '1 millisecond',
     offer_at = capstan_now() + $6::float8 * interval '1 millisecond'`,
    [claim.status, command.stepsDone, command.failures, claim.leaseMs, command.tries],
  );
}

/**
 * Has a claim for another `leaseMs` from now, while its holder is still at work. Changes nothing once the claim was
 * given back or taken over, or lasts longer already: it may come late.
 */
export async function keepClaim(db: Pool, command: ClaimedCommand, leaseMs: number): Promise<void> {
  await db.query(
    `update commands set claimed_until = kept.until, offer_at = kept.until
     from (select capstan_now() + $3::float8 * interval '1 millisecond' as until) kept
     where id = $1::uuid and claimed_until < kept.until and claim_epoch = $2::bigint`,
    [command.id, command.epoch, leaseMs],
  );
}

/** Until when a command does nothing, and why. */
export interface CommandWait {
  status: 'executing' | 'unresolved';
  dueMs: number;
  /** The relay offers the command this long after it is due. */
  graceMs: number;
  waitsFor: WaitsFor | null;
}

/** Gives the claim back until `dueMs` from now, or until its notAfter instant: one that failed before is due by nothing else. */
export function deferCommand(tx: PoolClient, command: ClaimedCommand, wait: CommandWait): Promise<void> {
  return updateClaimed(
    tx,
    command,
    `status = $3::text, steps_done = $4::smallint, failures = $5::smallint, tries = $9::integer, claimed_by = null, claimed_until = null,
     waits_for = $8::text,
     due_at = least(capstan_now() + $6::float8 * interval '1 millisecond', case when not_after > capstan_now() then not_after end),
     offer_at = capstan_now() + ($6::float8 + $7::float8) * interval '1 millisecond'`,
    [
      wait.status,
      command.stepsDone,
      command.failures,
      wait.dueMs,
      wait.graceMs,
      wait.waitsFor,
      command.tries,
    ],
  );
}

/** Ends the command, or parks it for a person. */
export function endCommand(
  tx: PoolClient,
  command: ClaimedCommand,
  end: { status: 'succeeded' | 'rejected' | 'canceled' | 'parked'; problem: CommandProblem | null },
): Promise<void> {
  return updateClaimed(
    tx,
    command,
    `status = $3::text, steps_done = $4::smallint, failures = $5::smallint, tries = 0, problem = $6::jsonb,
     claimed_by = null, claimed_until = null, offer_at = null,
     finished_at = case when $3::text = 'parked' then null else capstan_now() end`,
    [
      end.status,
      command.stepsDone,
      command.failures,
      end.problem === null ? null : storableJson(end.problem),
    ],
  );
}
