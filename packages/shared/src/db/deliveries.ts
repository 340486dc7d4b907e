import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { Backlog } from '../telemetry/backlog.ts';
import { nextTry, TRIES_MAX } from './item-faults.ts';
import { hastenRead } from './payments.ts';
import { inTransaction } from './transaction.ts';

export type DeliveryResult =
  | 'moved'
  | 'read'
  | 'duplicate'
  | 'stale'
  | 'ignored'
  | 'unmatched'
  | 'unreadable';

/** A verified webhook about to be stored. */
export interface NewDelivery {
  id: string;
  /** The text its signature covers, and nothing else: what it is known by and what is applied. */
  covered: Buffer;
  signature: Buffer;
  form: 'body' | 'header';
  event: string;
  conomyId: string | null;
  externalId: string | null;
  status: string | null;
}

export interface StoredDelivery {
  id: string;
  timesReceived: number;
}

/**
 * Stores deliveries that came together, in one statement and commit of its own; those whose covered text came before,
 * also in this very list, are counted again. One result for each, in order.
 */
export async function storeDeliveries(
  db: Pool,
  deliveries: readonly NewDelivery[],
  graceMs: number,
): Promise<StoredDelivery[]> {
  const keys = deliveries.map(({ covered }) => createHash('sha256').update(covered).digest('hex'));
  const alike = Map.groupBy(deliveries.keys(), (index) => keys[index] ?? '');
  const firsts = [...alike.values()].flatMap(([first]) => deliveries[first ?? -1] ?? []);
  const { rows } = await db.query<StoredDelivery & { sha256: string }>(
    // In one order for everybody, so that two lists with the same messages wait for each other and never both.
    `insert into webhook_deliveries as d (id, body_sha256, body, signature, form, event, conomy_id, external_id, status, times_received, offer_at)
     select id, decode(sha256, 'hex'), covered, signature, form, event, conomy_id, external_id, status, times,
       capstan_now() + $11::float8 * interval '1 millisecond'
     from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::integer[])
       as given(id, sha256, covered, signature, form, event, conomy_id, external_id, status, times)
     order by sha256
     on conflict (body_sha256) do update set
       times_received = d.times_received + excluded.times_received, last_received_at = capstan_now(), offer_at = excluded.offer_at
     returning id, encode(body_sha256, 'hex') as sha256, times_received as "timesReceived"`,
    [
      firsts.map(({ id }) => id),
      [...alike.keys()],
      firsts.map(({ covered }) => covered),
      firsts.map(({ signature }) => signature),
      firsts.map(({ form }) => form),
      firsts.map(({ event }) => event),
      firsts.map(({ conomyId }) => conomyId),
      firsts.map(({ externalId }) => externalId),
      firsts.map(({ status }) => status),
      [...alike.values()].map(({ length }) => length),
      graceMs,
    ],
  );
  const stored = new Map(rows.map(({ sha256, ...row }) => [sha256, row]));
  return keys.map((key) => {
    const row = stored.get(key);
    if (!row) throw new Error('a delivery was not stored');
    return row;
  });
}

export interface DeliveryRow {
  id: string;
  /** Null: stored by older code, whose row does not tell what was signed from what was not. */
  covered: Buffer | null;
  event: string;
  conomyId: string | null;
  externalId: string | null;
  status: string | null;
  timesReceived: number;
  receivedAt: Date;
  /** Since it was first received, by the database clock. */
  ageMs: number;
  appliedAt: Date | null;
  paymentKey: string | null;
  result: DeliveryResult | null;
  /** Why the last try to apply it failed; null when none did. */
  failure: string | null;
}

const COLUMNS = `id, case when signature is not null then body end as covered, event, conomy_id as "conomyId", external_id as "externalId", status,
  times_received as "timesReceived", received_at as "receivedAt",
  (extract(epoch from capstan_now() - received_at) * 1000)::float8 as "ageMs", applied_at as "appliedAt",
  payment_key as "paymentKey", result, failure`;

export async function findDelivery(db: Pool | PoolClient, id: string): Promise<DeliveryRow | null> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${COLUMNS} from webhook_deliveries where id = $1::uuid`,
    [id],
  );
  return rows[0] ?? null;
}

export async function findDeliveriesOfPayment(
  db: Pool | PoolClient,
  paymentKey: string,
): Promise<DeliveryRow[]> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${COLUMNS} from webhook_deliveries where payment_key = $1::uuid order by received_at, id`,
    [paymentKey],
  );
  return rows;
}

export interface AppliedDelivery {
  id: string;
  timesReceived: number;
  paymentKey: string | null;
  result: DeliveryResult;
  /** Milliseconds until it is applied once more; null for never. */
  againMs: number | null;
}

/** Notes what the delivery did; a later receipt of the same message stays due. */
export async function markDeliveryApplied(tx: Pool | PoolClient, delivery: AppliedDelivery): Promise<void> {
  await tx.query(
    `update webhook_deliveries set
       applied_at = capstan_now(), payment_key = $3::uuid, result = $4::text, tries = 0, failure = null,
       offer_at = case when times_received > $2::integer then offer_at
         else capstan_now() + $5::float8 * interval '1 millisecond' end
     where id = $1::uuid`,
    [delivery.id, delivery.timesReceived, delivery.paymentKey, delivery.result, delivery.againMs],
  );
}

/**
 * Applying it failed by the delivery itself: it is tried again, and after the last try set aside as unreadable, where the timeline
 * of the payment it names shows it, and that payment is read next: the mirror is right without it. Received again it has one more try.
 * @returns how often it was tried.
 */
export function countDeliveryTry(db: Pool, id: string, failure: string): Promise<number> {
  return inTransaction(db, async (tx) => {
    const { rows } = await tx.query<{ tries: number; paymentKey: string | null }>(
      `update webhook_deliveries d set tries = tries + 1, failure = $2::text,
       result = case when tries + 1 >= $3::integer then 'unreadable' else result end,
       applied_at = case when tries + 1 >= $3::integer then capstan_now() else applied_at end,
       payment_key = coalesce(payment_key, (select key from payments p where p.conomy_id = d.conomy_id)),
       offer_at = case when tries + 1 >= $3::integer then null else ${nextTry('tries')} end
     where id = $1::uuid returning tries, payment_key as "paymentKey"`,
      [id, failure, TRIES_MAX],
    );
    const { tries = 0, paymentKey = null } = rows[0] ?? {};
    if (tries >= TRIES_MAX && paymentKey !== null) await hastenRead(tx, paymentKey);
    return tries;
  });
}

/** Applies it again in `againMs`: what it is about could not be read now. */
export async function deferDelivery(db: Pool, id: string, againMs: number): Promise<void> {
  await db.query(
    `update webhook_deliveries set offer_at = capstan_now() + $2::float8 * interval '1 millisecond' where id = $1::uuid`,
    [id, againMs],
  );
}

/** What it is about was looked up: it is not applied again, unless it was received once more meanwhile. */
export async function endDelivery(db: Pool, { id, timesReceived }: StoredDelivery): Promise<void> {
  await db.query(
    'update webhook_deliveries set offer_at = null where id = $1::uuid and times_received = $2::integer',
    [id, timesReceived],
  );
}

/** Conomy ids that deliveries told for an externalId and that belong to no payment of ours yet. */
export async function findToldIds(
  db: Pool | PoolClient,
  externalId: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select distinct conomy_id as id from webhook_deliveries
     where external_id = $1::text and result = 'unmatched' and conomy_id is not null order by 1 limit $2::integer`,
    [externalId, limit],
  );
  return rows.map(({ id }) => id);
}

export async function takeDueDeliveries(
  db: Pool,
  limit: number,
  againMs: number,
): Promise<{ id: string; timesReceived: number }[]> {
  const { rows } = await db.query<{ id: string; timesReceived: number }>(
    `update webhook_deliveries set offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where id in (
       select id from webhook_deliveries where offer_at <= capstan_now()
       order by offer_at limit $1::integer for update skip locked
     )
     returning id, times_received as "timesReceived"`,
    [limit, againMs],
  );
  return rows;
}

/**
 * The moves of an hour, ten minutes ago and older, to states that even the newest documents announce (dossier §6.3): of how
 * many a delivery told, and of how many none did. Touches the moves of that hour only.
 */
export async function countAnnouncedMoves(db: Pool): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `select case when exists (
           select from webhook_deliveries d where d.conomy_id = p.conomy_id and d.status = j.to_status
         ) then 'told' else 'missing' end as sort,
       count(*)::int as count, extract(epoch from capstan_now() - min(j.at))::float8 as "oldestSeconds"
     from journal j join payments p on p.key = j.payment_key
     where j.at > capstan_now() - interval '70 minutes' and j.at <= capstan_now() - interval '10 minutes'
       and j.to_status in ('CAPTURED', 'RECEIVED', 'FAILED') and p.kind = 'payment'
     group by 1`,
  );
  return rows;
}
