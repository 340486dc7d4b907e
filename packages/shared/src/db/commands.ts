import type { Pool, PoolClient } from 'pg';
import type { CommandProblemCode } from '../domain/command-problems.ts';
import type { CommandStatus, WaitsFor } from '../domain/command-status.ts';
import type { Currency } from '../domain/money.ts';
import type { CommandType, Operation } from '../domain/payment-command.ts';
import { storableJson } from './storable-text.ts';

/** Why a command did not succeed, for the caller and the operator. */
export interface CommandProblem {
  code: CommandProblemCode;
  detail: string;
  provider?: { status?: number; code?: string; type?: string; traceId?: string };
}

export interface CommandRow {
  id: string;
  type: CommandType;
  status: CommandStatus;
  idempotencyKey: string;
  fingerprint: Buffer;
  paymentKey: string;
  steps: Operation[];
  stepsDone: number;
  problem: CommandProblem | null;
  /** Null when it waits for nothing but its next try. */
  waitsFor: WaitsFor | null;
  notAfter: Date | null;
  acceptedAt: Date;
  finishedAt: Date | null;
}

const COLUMNS = `id, type, status, idempotency_key as "idempotencyKey", fingerprint, payment_key as "paymentKey", steps,
  steps_done as "stepsDone", problem, waits_for as "waitsFor", not_after as "notAfter", accepted_at as "acceptedAt", finished_at as "finishedAt"`;

export async function findCommand(db: Pool | PoolClient, id: string): Promise<CommandRow | null> {
  const { rows } = await db.query<CommandRow>(`select ${COLUMNS} from commands where id = $1::uuid`, [id]);
  return rows[0] ?? null;
}

export async function findCommands(db: Pool | PoolClient, ids: readonly string[]): Promise<CommandRow[]> {
  const { rows } = await db.query<CommandRow>(`select ${COLUMNS} from commands where id = any($1::uuid[])`, [
    ids,
  ]);
  return rows;
}

export async function findCommandsByIdempotencyKeys(
  db: Pool | PoolClient,
  keys: readonly string[],
): Promise<CommandRow[]> {
  const { rows } = await db.query<CommandRow>(
    `select ${COLUMNS} from commands where idempotency_key = any($1::text[])`,
    [keys],
  );
  return rows;
}

export async function findCommandsOfPayment(
  db: Pool | PoolClient,
  paymentKey: string,
): Promise<CommandRow[]> {
  const { rows } = await db.query<CommandRow>(
    `select ${COLUMNS} from commands where payment_key = $1::uuid order by position`,
    [paymentKey],
  );
  return rows;
}

/** What a refund command gives back; `amount` is a decimal in major units of `currency`. */
export interface RefundRequest {
  amount: string;
  currency: Currency;
  reason?: string;
}

/** Everything a capturer needs to decide what to do next with a command it has claimed. */
export interface ClaimedCommand {
  id: string;
  epoch: number;
  type: CommandType;
  steps: Operation[];
  stepsDone: number;
  failures: number;
  /** The create body as accepted, as JSON text; null for commands about an existing payment. */
  createBody: string | null;
  refund: RefundRequest | null;
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
  paymentStatus: string | null;
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
  claim: { id: string; worker: string; leaseMs: number },
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
     select c.id, c.claim_epoch as epoch, c.type, c.steps, c.steps_done as "stepsDone", c.failures,
       c.create_body::text as "createBody", c.refund,
       coalesce(c.not_after < capstan_now(), false) as "deadlinePassed",
       c.payment_key as "paymentKey", p.duplicate_of as "duplicateOf", p.kind as "paymentKind", p.snapshot->>'type' as "paymentType", p.conomy_id as "conomyId", p.external_id as "externalId",
       p.status as "paymentStatus",
       exists (
         select from command_redrives r
         where r.command_id = c.id and (a.started_at is null or r.at >= a.started_at)
       ) as redriven,
       case when a.id is not null then
         jsonb_build_object('id', a.id, 'number', a.number, 'outcome', a.outcome, 'resolution', a.resolution)
       end as attempt
     from claimed c
     join payments p on p.key = c.payment_key
     left join lateral (
       select * from attempts where command_id = c.id and step = c.steps_done order by number desc limit 1
     ) a on true`,
    [claim.id, claim.worker, claim.leaseMs],
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
    `status = $3::text, steps_done = $4::smallint, failures = $5::smallint,
     claimed_until = capstan_now() + $6::float8 * interval '1 millisecond',
     offer_at = capstan_now() + $6::float8 * interval '1 millisecond'`,
    [claim.status, command.stepsDone, command.failures, claim.leaseMs],
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

/**
 * Gives the claim back until `dueMs` from now. A command that has not begun is due again no later than its notAfter
 * instant, so that its end does not wait for a pause or the provider.
 */
export function deferCommand(tx: PoolClient, command: ClaimedCommand, wait: CommandWait): Promise<void> {
  return updateClaimed(
    tx,
    command,
    `status = $3::text, steps_done = $4::smallint, failures = $5::smallint, claimed_by = null, claimed_until = null,
     waits_for = $8::text,
     due_at = ${DUE_AT},
     offer_at = ${DUE_AT} + $7::float8 * interval '1 millisecond'`,
    [
      wait.status,
      command.stepsDone,
      command.failures,
      wait.dueMs,
      wait.graceMs,
      wait.waitsFor,
      command.stepsDone === 0 && command.attempt === null,
    ],
  );
}

const DUE_AT = `least(capstan_now() + $6::float8 * interval '1 millisecond',
       case when $9::boolean and not_after is not null then greatest(not_after, capstan_now()) end)`;

/**
 * What these commands waited for has come, so they are due now: all that only have to read, and of those that are to
 * write up to `writesMax`, the oldest first. One that a capturer holds at this moment is left out: it sees for itself.
 */
export async function releaseCommands(
  tx: PoolClient,
  waitsFor: WaitsFor,
  writesMax: number | null = null,
): Promise<void> {
  await tx.query(
    `update commands set due_at = capstan_now(), offer_at = capstan_now()
     where id in (
       select id from commands where waits_for = $1::text and due_at > capstan_now() and status = 'unresolved'
       for update skip locked
     ) or id in (
       select id from commands where waits_for = $1::text and due_at > capstan_now() and status <> 'unresolved'
       order by position limit $2::integer for update skip locked
     )`,
    [waitsFor, writesMax],
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
    `status = $3::text, steps_done = $4::smallint, failures = $5::smallint, problem = $6::jsonb,
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

/** The next command of a payment in order becomes runnable; null when none waits. Its job is to be offered after the commit. */
export async function unblockNextCommand(
  tx: PoolClient,
  paymentKey: string,
  graceMs: number,
): Promise<{ id: string; epoch: number } | null> {
  const { rows } = await tx.query<{ id: string; epoch: number }>(
    `update commands set status = 'accepted', due_at = capstan_now(),
       offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where id = (
       select id from commands where payment_key = $1::uuid and status = 'blocked' order by position limit 1
     )
     returning id, claim_epoch as epoch`,
    [paymentKey, graceMs],
  );
  return rows[0] ?? null;
}

/** The payment never came to be: every command waiting behind its create ends. */
export async function rejectBlockedCommands(
  tx: PoolClient,
  paymentKey: string,
  problem: CommandProblem,
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `update commands set status = 'rejected', finished_at = capstan_now(), problem = $2::jsonb
     where payment_key = $1::uuid and status = 'blocked' returning id`,
    [paymentKey, storableJson(problem)],
  );
  return rows.map(({ id }) => id);
}

/** Takes up to `limit` open commands whose job is due and missing, and puts their next offer off by `againMs`. */
export async function takeDueCommands(
  db: Pool,
  limit: number,
  againMs: number,
): Promise<{ id: string; epoch: number }[]> {
  const { rows } = await db.query<{ id: string; epoch: number }>(
    `update commands set offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where id in (
       select id from commands where offer_at <= capstan_now()
       order by offer_at limit $1::integer for update skip locked
     )
     returning id, claim_epoch as epoch`,
    [limit, againMs],
  );
  return rows;
}
