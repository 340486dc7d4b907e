import type { Pool, PoolClient } from 'pg';
import type { AskedPayment } from '../domain/bound-means-equal.ts';
import { toUtcInstant } from '../domain/instant.ts';
import { askedOf } from './asked-payment.ts';
import { nextTry } from './item-faults.ts';
import { storableJson, storableText } from './storable-text.ts';

/** A row of the mirror. */
export interface PaymentRow {
  key: string;
  conomyId: string | null;
  externalId: string | null;
  /** Under which path Conomy serves it. */
  kind: 'payment' | 'attempt' | 'refund';
  snapshot: Record<string, unknown>;
  status: string | null;
  final: boolean;
  version: number;
  cause: string;
  movedAt: Date;
  /** Milliseconds since the mirror entered its status, by the database clock. */
  ageMs: number;
  updatedAt: Date;
  reads: number;
  /** The older key whose Conomy payment this one turned out to be; then `conomyId` is null for good. */
  duplicateOf: string | null;
  /** Of a refund: the key of its payment, once that is mirrored. */
  parentKey: string | null;
  /** Reads one after the other that told a state before the one it has. */
  readsBehind: number;
}

/** The columns of a {@link PaymentRow}. */
export const PAYMENT_COLUMNS = `key, conomy_id as "conomyId", external_id as "externalId", kind, snapshot, status, final, version, cause,
  moved_at as "movedAt", (extract(epoch from capstan_now() - moved_at) * 1000)::float8 as "ageMs", updated_at as "updatedAt", reads, duplicate_of as "duplicateOf", parent_key as "parentKey", reads_behind as "readsBehind"`;

export async function findPayment(db: Pool | PoolClient, key: string): Promise<PaymentRow | null> {
  const { rows } = await db.query<PaymentRow>(
    `select ${PAYMENT_COLUMNS} from payments where key = $1::uuid`,
    [key],
  );
  return rows[0] ?? null;
}

export async function findPayments(db: Pool | PoolClient, keys: readonly string[]): Promise<PaymentRow[]> {
  const { rows } = await db.query<PaymentRow>(
    `select ${PAYMENT_COLUMNS} from payments where key = any($1::uuid[])`,
    [keys],
  );
  return rows;
}

/** Of a row of payments: the text at this parameter is our key of it or its Conomy id. */
export function isNamedBy(at: string): string {
  return `(conomy_id = ${at}::text
    or key = case when ${at}::text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then ${at}::uuid end)`;
}

/** By Conomy's id, or by our key when the text is a UUID. */
export async function findPaymentByEither(db: Pool, reference: string): Promise<PaymentRow | null> {
  const { rows } = await db.query<PaymentRow>(
    `select ${PAYMENT_COLUMNS} from payments
     where ${isNamedBy('$1')}
     limit 1`,
    [reference],
  );
  return rows[0] ?? null;
}

export interface LockedPayment extends PaymentRow {
  /** Whether a discrepancy of it is open. */
  disagrees: boolean;
  /** What its create asked for; null when no create of ours made it. */
  asked: AskedPayment | null;
  /** Whether Conomy has named all that binds it, and it was what was asked for. */
  isCompared: boolean;
  /** The number drawn last for one of its refunds; 0 while it has none. */
  refundsLinked: number;
}

/**
 * Takes the row lock under which every change to a payment and its commands is made; of a refund that of its payment
 * first, so that whoever counts the refunds of a payment sees none of them move.
 */
export async function lockPayment(tx: PoolClient, key: string): Promise<LockedPayment | null> {
  const { rows } = await tx.query<LockedPayment>(
    `select ${PAYMENT_COLUMNS}, refunds_linked as "refundsLinked",
       exists (select from discrepancies d where d.payment_key = payments.key and d.status = 'open') as disagrees,
       ${askedOf('payments.key')} as asked, compared_at is not null as "isCompared"
     from payments where key in ($1::uuid, (select parent_key from payments where key = $1::uuid))
     order by key = $1::uuid for no key update`,
    [key],
  );
  return rows.find((row) => row.key === key) ?? null;
}

export async function findKeyByConomyId(db: Pool | PoolClient, conomyId: string): Promise<string | null> {
  const { rows } = await db.query<{ key: string }>('select key from payments where conomy_id = $1::text', [
    conomyId,
  ]);
  return rows[0]?.key ?? null;
}

/** Which of these Conomy payments a create of ours has. */
export async function findCreatedIds(
  db: Pool | PoolClient,
  conomyIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select p.conomy_id as id from payments p
     where p.conomy_id = any($1::text[])
       and exists (select from commands c where c.payment_key = p.key and c.create_body is not null)`,
    [conomyIds],
  );
  return new Set(rows.map(({ id }) => id));
}

export interface PaymentChange {
  key: string;
  /** Bound on the first answer that names it, then never changed. */
  conomyId: string | null;
  /** What the answer held; overlays what is known. Null when the source tells no more than a status. */
  snapshot: Record<string, unknown> | null;
  /** When Conomy created it, where the source tells; an ISO 8601 instant. */
  createdAt: string | null;
  /** It named all that binds the payment, and it was what was asked for. */
  isCompared: boolean;
  /** Milliseconds until the relay offers the next read; null for none. */
  offerMs: number | null;
}

/** Notes an observation that did not move the mirror. */
export async function updateUnmovedPayment(
  tx: PoolClient,
  change: PaymentChange,
  reads: number,
): Promise<void> {
  await tx.query(
    `update payments set
       conomy_id = coalesce(conomy_id, $2::text),
       snapshot = snapshot || coalesce($3::jsonb, '{}'::jsonb),
       reads = $4::integer, read_faults = 0,
       offer_at = capstan_now() + $5::float8 * interval '1 millisecond',
       conomy_created_at = coalesce(conomy_created_at, $6::timestamptz),
       compared_at = coalesce(compared_at, case when $7::boolean then capstan_now() end),
       updated_at = capstan_now()
     where key = $1::uuid`,
    [
      change.key,
      change.conomyId,
      asJson(change.snapshot),
      reads,
      change.offerMs,
      asInstant(change.createdAt),
      change.isCompared,
    ],
  );
}

export interface PaymentMove extends PaymentChange {
  to: string;
  cause: 'answer' | 'delivery' | 'read' | 'operator';
  /** The attempt or delivery that told it, or the discrepancy that was repaired. */
  sourceId: string | null;
  /** Milliseconds until the payment counts as standing still in its new state; null for never. */
  overdueMs: number | null;
}

/** Moves the mirror one version on and writes the move into the journal, in one statement. */
export async function movePayment(tx: PoolClient, from: PaymentRow, move: PaymentMove): Promise<void> {
  const { rowCount } = await tx.query(
    `with moved as (
       update payments set
         status = $3::text, version = version + 1, cause = $4::text, moved_at = capstan_now(), reads = 0, read_faults = 0,
         conomy_id = coalesce(conomy_id, $5::text),
         snapshot = snapshot || coalesce($6::jsonb, '{}'::jsonb) || jsonb_build_object('status', $3::text),
         offer_at = capstan_now() + $7::float8 * interval '1 millisecond',
         conomy_created_at = coalesce(conomy_created_at, $10::timestamptz),
         compared_at = coalesce(compared_at, case when $12::boolean then capstan_now() end),
         overdue_at = capstan_now() + $11::float8 * interval '1 millisecond',
         updated_at = capstan_now()
       where key = $1::uuid and version = $2::integer
       returning key, version
     )
     insert into journal (payment_key, version, from_status, to_status, cause, source_id)
     select key, version, $8::text, $3::text, $4::text, $9::text from moved`,
    [
      move.key,
      from.version,
      storableText(move.to),
      move.cause,
      move.conomyId,
      asJson(move.snapshot),
      move.offerMs,
      from.status,
      move.sourceId,
      asInstant(move.createdAt),
      move.overdueMs,
      move.isCompared,
    ],
  );
  if (rowCount !== 1)
    throw new Error(`payment ${move.key} moved on although its row was locked at version ${from.version}`);
}

/**
 * Counts a read that told a state before the mirror's, unless another was counted less than `apartMs` ago: so many of them
 * span a time, whoever made them. @returns how many there are by now.
 */
export async function countReadBehind(tx: PoolClient, key: string, apartMs: number): Promise<number> {
  const { rows } = await tx.query<{ readsBehind: number }>(
    `update payments p set
       reads_behind = reads_behind + case when c.counts then 1 else 0 end,
       read_behind_at = case when c.counts then capstan_now() else read_behind_at end
     from (
       select key, reads_behind = 0 or read_behind_at <= capstan_now() - $2::float8 * interval '1 millisecond' as counts
       from payments where key = $1::uuid
     ) c
     where p.key = c.key returning reads_behind as "readsBehind"`,
    [key, apartMs],
  );
  return rows[0]?.readsBehind ?? 0;
}

/** A read agreed with the mirror again, or moved it. */
export async function forgetReadsBehind(tx: PoolClient, key: string): Promise<void> {
  await tx.query('update payments set reads_behind = 0, read_behind_at = null where key = $1::uuid', [key]);
}

/** The create ended without a payment: its externalId may be used again. */
export async function releaseExternalId(tx: PoolClient, key: string): Promise<void> {
  await tx.query(
    'update payments set external_id_released_at = capstan_now(), offer_at = null where key = $1::uuid and conomy_id is null',
    [key],
  );
}

/** Only a read can tell how the payment stands: it is read next. */
export async function hastenRead(tx: PoolClient, key: string): Promise<void> {
  await tx.query('update payments set offer_at = capstan_now() where key = $1::uuid', [key]);
}

/** A read failed: the next one is offered `offerMs` from now. Nothing about the payment is known anew. */
export async function deferRead(db: Pool, key: string, offerMs: number): Promise<void> {
  await db.query(
    `update payments set reads = reads + 1, offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where key = $1::uuid`,
    [key, offerMs],
  );
}

/**
 * What a read told could not be applied, by what it told: the next one is put off ever longer, up to a day. Nothing about the payment
 * is known anew.
 * @returns how many reads in a row ended like this.
 */
export async function countReadFault(db: Pool, key: string): Promise<number> {
  const { rows } = await db.query<{ faults: number }>(
    `update payments set read_faults = read_faults + 1, offer_at = ${nextTry('read_faults')}
     where key = $1::uuid returning read_faults as faults`,
    [key],
  );
  return rows[0]?.faults ?? 0;
}

export interface DueRead {
  key: string;
  version: number;
  reads: number;
}

/** Takes up to `limit` payments whose next read is due and puts their next offer off by `againMs`. */
export async function takeDueReads(db: Pool, limit: number, againMs: number): Promise<DueRead[]> {
  const { rows } = await db.query<DueRead>(
    `update payments set offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where key in (
       select key from payments where offer_at <= capstan_now()
       order by offer_at limit $1::integer for update skip locked
     )
     returning key, version, reads`,
    [limit, againMs],
  );
  return rows;
}

function asInstant(createdAt: string | null): string | null {
  return createdAt === null ? null : toUtcInstant(createdAt);
}

function asJson(value: Record<string, unknown> | null): string | null {
  return value === null ? null : storableJson(value);
}
