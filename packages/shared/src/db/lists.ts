/**
 * Pages through commands and payments, newest first. Positions, times of acceptance and keys never change, so rows
 * that come or move while somebody pages make them neither miss a row nor see one twice.
 */
import type { Pool } from 'pg';
import type { CommandStatus } from '../domain/command-status.ts';
import type { CommandType } from '../domain/payment-command.ts';
import { Conditions } from './conditions.ts';
import { isNamedBy, PAYMENT_COLUMNS, type PaymentRow } from './payments.ts';

export interface CommandFilter {
  status?: CommandStatus;
  type?: CommandType;
  externalId?: string;
  idempotencyKey?: string;
}

/** A command's place in the list. */
export interface ListedCommand {
  id: string;
  position: number;
}

/** Up to `limit` commands accepted before `position`, from the newest on when it is null. */
export async function listCommands(
  db: Pool,
  filter: CommandFilter,
  page: { position: number | null; limit: number },
): Promise<ListedCommand[]> {
  const where = new Conditions();
  if (filter.status !== undefined) where.add((at) => `status = ${at}::text`, filter.status);
  if (filter.type !== undefined) where.add((at) => `type = ${at}::text`, filter.type);
  if (filter.externalId !== undefined) where.add(isOfExternalId, filter.externalId);
  if (filter.idempotencyKey !== undefined)
    where.add((at) => `idempotency_key = ${at}::text`, filter.idempotencyKey);
  if (page.position !== null) where.add((at) => `position < ${at}::bigint`, page.position);
  const { rows } = await db.query<ListedCommand>(
    `select id, position from commands ${where.text()} order by position desc limit ${where.value(page.limit)}::integer`,
    where.values,
  );
  return rows;
}

/** Of every payment that ever had the name, also of one whose create came to nothing. Two indexes, hence two looks. */
function isOfExternalId(at: string): string {
  return `payment_key = any(array(
    select key from payments where external_id = ${at}::text and external_id_released_at is null
    union all
    select key from payments where external_id = ${at}::text and external_id_released_at is not null
  ))`;
}

/** Also of a payment that is not mirrored: then its refunds wait for it under its Conomy id. */
function isRefundOf(at: string): string {
  return `(parent_key = any(array(select key from payments where ${isNamedBy(at)}))
    or (parent_key is null and parent_conomy_id = ${at}::text))`;
}

export interface PaymentFilter {
  externalId?: string;
  status?: string;
  /** Up to 64 characters: as far as it is indexed. */
  type?: string;
  /** Key or Conomy id of the payment whose refunds are asked for. */
  parent?: string;
  /** Accepted at or after. */
  from?: Date;
  /** Accepted before. */
  before?: Date;
}

/** Where a page of payments ended: time of acceptance, to the microsecond, and key. */
export interface PaymentPlace {
  acceptedAt: string;
  key: string;
}

/** Up to `limit` payments older than `after`; those whose create came to nothing are none. */
export async function listPayments(
  db: Pool,
  filter: PaymentFilter,
  page: { after: PaymentPlace | null; limit: number },
): Promise<(PaymentRow & { place: PaymentPlace })[]> {
  const where = new Conditions('external_id_released_at is null');
  if (filter.externalId !== undefined) where.add((at) => `external_id = ${at}::text`, filter.externalId);
  if (filter.status !== undefined) where.add((at) => `status = ${at}::text`, filter.status);
  if (filter.type !== undefined) where.add((at) => `left(snapshot->>'type', 64) = ${at}::text`, filter.type);
  if (filter.parent !== undefined) where.add(isRefundOf, filter.parent);
  if (filter.from !== undefined) where.add((at) => `accepted_at >= ${at}::timestamptz`, filter.from);
  if (filter.before !== undefined) where.add((at) => `accepted_at < ${at}::timestamptz`, filter.before);
  if (page.after !== null) {
    const key = where.value(page.after.key);
    where.add((at) => `(accepted_at, key) < (${at}::timestamptz, ${key}::uuid)`, page.after.acceptedAt);
  }
  const { rows } = await db.query<PaymentRow & { place: PaymentPlace }>(
    `select ${PAYMENT_COLUMNS}, jsonb_build_object('acceptedAt', accepted_at, 'key', key) as place
     from payments ${where.text()} order by accepted_at desc, key desc limit ${where.value(page.limit)}::integer`,
    where.values,
  );
  return rows;
}
