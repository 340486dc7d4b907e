import type { Pool, PoolClient } from 'pg';
import type { CommandProblemCode } from '../domain/command-problems.ts';
import type { CommandStatus, WaitsFor } from '../domain/command-status.ts';
import type { Currency } from '../domain/money.ts';
import type { CommandType, Operation, PaymentDocument } from '../domain/payment-command.ts';
import { nextTry } from './item-faults.ts';
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

/** What the caller asked for, as far as it is kept beside the command's type and payment. */
export interface AskedCommand {
  id: string;
  /** JSON text as accepted; null of what creates nothing. */
  createBody: string | null;
  refund: RefundRequest | null;
  document: PaymentDocument | null;
  /** Conomy's id of the refund that it made; null until that is known. */
  refundId: string | null;
}

export async function findAsked(db: Pool, ids: readonly string[]): Promise<AskedCommand[]> {
  const { rows } = await db.query<AskedCommand>(
    `select c.id, c.create_body::text as "createBody", c.refund, c.document,
       (select p.conomy_id from attempts a join payments p on p.key = a.refund_key
        where a.command_id = c.id order by a.id desc limit 1) as "refundId"
     from commands c where c.id = any($1::uuid[])`,
    [ids],
  );
  return rows;
}

/** What a refund command gives back; `amount` is a decimal in major units of `currency`. */
export interface RefundRequest {
  amount: string;
  currency: Currency;
  reason?: string;
}

/** The review of a payment is over, as a read or a delivery told: the step it held is due at once. */
export async function releaseFromReview(tx: PoolClient, paymentKey: string): Promise<void> {
  await tx.query(
    `update commands set due_at = capstan_now(), offer_at = capstan_now()
     where id in (
       select id from commands where payment_key = $1::uuid and waits_for = 'review' for update skip locked
     )`,
    [paymentKey],
  );
}

/**
 * A delivery named what the create of this externalId made: while its outcome is unknown, its command is due at once. Null
 * when there is no such create, or a capturer holds it at this moment.
 */
export async function hastenUnresolvedCreate(
  tx: PoolClient,
  externalId: string,
  graceMs: number,
): Promise<{ id: string; epoch: number } | null> {
  const { rows } = await tx.query<{ id: string; epoch: number }>(
    `update commands c set due_at = capstan_now(), offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     from payments p
     where p.external_id = $1::text and p.external_id_released_at is null and p.conomy_id is null
       and c.payment_key = p.key and c.status = 'unresolved' and c.steps_done = 0 and c.create_body is not null
       and (c.claimed_until is null or c.claimed_until <= capstan_now())
     returning c.id, c.claim_epoch as epoch`,
    [externalId, graceMs],
  );
  return rows[0] ?? null;
}

/**
 * The next command of a payment becomes runnable in each of its two orders, steps and documents, where none of them is at
 * work; a document only once the payment has its Conomy id, or no step is left that could bring it. Their jobs are to be
 * offered after the commit.
 */
export async function unblockNextCommands(
  tx: PoolClient,
  paymentKey: string,
  graceMs: number,
): Promise<{ id: string; epoch: number }[]> {
  const { rows } = await tx.query<{ id: string; epoch: number }>(
    `with opened as (
       select id, position, status, type = 'payment.submit-document' as is_document from commands
       where payment_key = $1::uuid and status not in ('succeeded', 'rejected', 'canceled')
     ), first as (
       select distinct on (is_document) id, is_document from opened where status = 'blocked'
       order by is_document, position
     )
     update commands set status = 'accepted', due_at = capstan_now(),
       offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where id in (
       select first.id from first
       where not exists (
           select from opened o where o.is_document = first.is_document and o.status <> 'blocked'
         )
         and (not first.is_document
           or (select conomy_id is not null from payments where key = $1::uuid)
           or not exists (select from opened o where not o.is_document))
     )
     returning id, claim_epoch as epoch`,
    [paymentKey, graceMs],
  );
  return rows;
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

/**
 * A turn of the command failed by the command itself: it is due again later, but not after its notAfter instant, and after
 * the last try parked by whoever claims it.
 * @returns how many turns ended like this since one got on; 0 when it has ended or is parked.
 */
export async function countCommandTry(db: Pool, id: string): Promise<number> {
  const { rows } = await db.query<{ tries: number }>(
    `update commands set tries = tries + 1, due_at = next.at, offer_at = next.at
     from (
       select id, least(${nextTry('tries')}, case when not_after > capstan_now() then not_after end) as at
       from commands where id = $1::uuid for update
     ) as next
     where commands.id = next.id and status in ('accepted', 'executing', 'unresolved')
     returning tries`,
    [id],
  );
  return rows[0]?.tries ?? 0;
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
