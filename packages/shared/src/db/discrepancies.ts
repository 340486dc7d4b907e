import type { Pool, PoolClient } from 'pg';
import type { DiscrepancyKind, DiscrepancyStatus } from '../domain/discrepancies.ts';
import type { Backlog } from '../telemetry/backlog.ts';
import { Conditions } from './conditions.ts';
import { CAPSTAN_ITSELF } from './pauses.ts';
import { lockPayment } from './payments.ts';
import { storableJson } from './storable-text.ts';

/** What one side said, under Conomy's field names, and when it was read. */
export interface DiscrepancySide {
  value: Record<string, unknown>;
  readAt: Date;
}

export interface DiscrepancyRow {
  id: string;
  kind: DiscrepancyKind;
  status: DiscrepancyStatus;
  /** Null when the payment is not mirrored. */
  paymentKey: string | null;
  conomyId: string | null;
  field: string | null;
  mirror: DiscrepancySide;
  provider: DiscrepancySide;
  cause: string;
  openedAt: Date;
  seenAt: Date;
  timesSeen: number;
  /** From being found to its end, or until now. */
  ageSeconds: number;
  endedAt: Date | null;
  endedBy: string | null;
  reason: string | null;
}

const COLUMNS = `id, kind, status, payment_key as "paymentKey", conomy_id as "conomyId", field,
  mirror, mirror_read_at as "mirrorReadAt", provider, provider_read_at as "providerReadAt", cause, opened_at as "openedAt",
  seen_at as "seenAt", times_seen as "timesSeen",
  extract(epoch from coalesce(ended_at, capstan_now()) - opened_at)::float8 as "ageSeconds",
  ended_at as "endedAt", ended_by as "endedBy", reason`;

type Stored = Omit<DiscrepancyRow, 'mirror' | 'provider'> & {
  mirror: Record<string, unknown>;
  mirrorReadAt: Date;
  provider: Record<string, unknown>;
  providerReadAt: Date;
};

/** A disagreement that was found. */
export interface FoundDiscrepancy {
  kind: DiscrepancyKind;
  paymentKey: string | null;
  conomyId: string | null;
  field?: string | null;
  mirror: DiscrepancySide;
  /** `readAt` null: just now. */
  provider: { value: Record<string, unknown>; readAt: Date | null };
  cause: string;
}

/** Opens a discrepancy, or counts the open one that says the same with what each side says now. */
export async function openDiscrepancy(
  tx: Pool | PoolClient,
  found: FoundDiscrepancy,
): Promise<{ id: string; isNew: boolean }> {
  const { rows } = await tx.query<{ id: string; isNew: boolean }>(
    `insert into discrepancies as d
       (kind, payment_key, conomy_id, field, mirror, mirror_read_at, provider, provider_read_at, cause)
     values ($1::text, $2::uuid, $3::text, $4::text, $5::jsonb, $6::timestamptz, $7::jsonb,
       coalesce($8::timestamptz, capstan_now()), $9::text)
     on conflict (kind, coalesce(payment_key::text, conomy_id), coalesce(conomy_id, ''), coalesce(field, ''))
       where status = 'open'
     do update set mirror = excluded.mirror, mirror_read_at = excluded.mirror_read_at, provider = excluded.provider,
       provider_read_at = excluded.provider_read_at, cause = excluded.cause, seen_at = excluded.seen_at,
       times_seen = d.times_seen + 1
     returning id, times_seen = 1 as "isNew"`,
    [
      found.kind,
      found.paymentKey,
      found.conomyId,
      found.field ?? null,
      storableJson(found.mirror.value),
      found.mirror.readAt,
      storableJson(found.provider.value),
      found.provider.readAt,
      found.cause,
    ],
  );
  const row = rows[0];
  if (!row) throw new Error('the discrepancy was not stored');
  return row;
}

export interface DiscrepancyEnd {
  status: Exclude<DiscrepancyStatus, 'open'>;
  /** Name of the API key, or `capstan`. */
  by: string;
  reason: string;
}

/** Ends an open discrepancy; null when it is not open any more. */
export async function endDiscrepancy(
  db: Pool | PoolClient,
  id: string,
  end: DiscrepancyEnd,
): Promise<DiscrepancyRow | null> {
  const { rows } = await db.query<Stored>(
    `update discrepancies set status = $2::text, ended_at = capstan_now(), ended_by = $3::text, reason = $4::text
     where id = $1::uuid and status = 'open' returning ${COLUMNS}`,
    [id, end.status, end.by, end.reason],
  );
  return rows[0] ? toRow(rows[0]) : null;
}

/** Ends the open discrepancies of these payments that are of these kinds. */
export async function endDiscrepanciesOf(
  tx: Pool | PoolClient,
  paymentKeys: readonly string[],
  kinds: readonly DiscrepancyKind[],
  end: DiscrepancyEnd,
): Promise<void> {
  await tx.query(
    `update discrepancies set status = $3::text, ended_at = capstan_now(), ended_by = $4::text, reason = $5::text
     where payment_key = any($1::uuid[]) and kind = any($2::text[]) and status = 'open'`,
    [paymentKeys, kinds, end.status, end.by, end.reason],
  );
}

/** Ends what says that one of these Conomy payments is not mirrored, where it is by now. */
export async function endMissingHere(
  db: Pool,
  conomyIds: readonly string[],
  end: DiscrepancyEnd,
): Promise<void> {
  await db.query(
    `update discrepancies d set status = $2::text, ended_at = capstan_now(), ended_by = $3::text, reason = $4::text
     where d.conomy_id = any($1::text[]) and d.kind = 'missing_here' and d.status = 'open'
       and exists (select from payments p where p.conomy_id = d.conomy_id)`,
    [conomyIds, end.status, end.by, end.reason],
  );
}

/** An open twin and its place in the line: when Conomy was last asked about it, to the microsecond, and its id. */
export interface UnwatchedTwin {
  paymentKey: string | null;
  conomyId: string;
  place: { readAt: string; id: string };
}

/** Up to `limit` open twins behind `after` that Conomy was not asked about for `afterMs`, the longest first. */
export async function findUnwatchedTwins(
  db: Pool,
  { after, afterMs, limit }: { after: UnwatchedTwin['place'] | null; afterMs: number; limit: number },
): Promise<UnwatchedTwin[]> {
  const { rows } = await db.query<UnwatchedTwin>(
    `select payment_key as "paymentKey", conomy_id as "conomyId",
       jsonb_build_object('readAt', provider_read_at, 'id', id) as place
     from discrepancies
     where kind = 'twin' and status = 'open' and conomy_id is not null
       and provider_read_at <= capstan_now() - $1::float8 * interval '1 millisecond'
       and ($2::timestamptz is null or (provider_read_at, id) > ($2::timestamptz, $3::uuid))
     order by provider_read_at, id limit $4::integer`,
    [afterMs, after?.readAt ?? null, after?.id ?? null, limit],
  );
  return rows;
}

/** Which of these payments have an open discrepancy of one of these kinds. */
export async function findOpenKinds(
  db: Pool,
  paymentKeys: readonly string[],
  kinds: readonly DiscrepancyKind[],
): Promise<{ paymentKey: string; kind: DiscrepancyKind }[]> {
  const { rows } = await db.query<{ paymentKey: string; kind: DiscrepancyKind }>(
    `select payment_key as "paymentKey", kind from discrepancies
     where payment_key = any($1::uuid[]) and kind = any($2::text[]) and status = 'open'`,
    [paymentKeys, kinds],
  );
  return rows;
}

/** Whether an `amount_differs` of the payment is open; under its lock nobody ends one until the transaction is over. */
export async function lockAmountDifference(tx: PoolClient, paymentKey: string): Promise<boolean> {
  await lockPayment(tx, paymentKey);
  const { rowCount } = await tx.query(
    `select from discrepancies
     where payment_key = $1::uuid and kind = 'amount_differs' and status = 'open' limit 1`,
    [paymentKey],
  );
  return rowCount === 1;
}

/** Whether a person has ended the same disagreement before, with the same said by Conomy but for the status. */
export async function wasEndedByAPerson(
  tx: PoolClient,
  of: { kind: DiscrepancyKind; paymentKey: string; field: string | null },
  provider: Record<string, unknown>,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from discrepancies
     where payment_key = $1::uuid and kind = $2::text and field is not distinct from $3::text
       and ended_by <> $4::text and provider - 'status' = $5::jsonb - 'status' limit 1`,
    [of.paymentKey, of.kind, of.field, CAPSTAN_ITSELF, storableJson(provider)],
  );
  return rowCount === 1;
}

export async function findDiscrepancy(db: Pool | PoolClient, id: string): Promise<DiscrepancyRow | null> {
  const { rows } = await db.query<Stored>(`select ${COLUMNS} from discrepancies where id = $1::uuid`, [id]);
  return rows[0] ? toRow(rows[0]) : null;
}

export async function findDiscrepanciesOfPayment(db: Pool, paymentKey: string): Promise<DiscrepancyRow[]> {
  const { rows } = await db.query<Stored>(
    `select ${COLUMNS} from discrepancies where payment_key = $1::uuid order by opened_at, id`,
    [paymentKey],
  );
  return rows.map(toRow);
}

export interface DiscrepancyFilter {
  status?: DiscrepancyStatus;
  kind?: DiscrepancyKind;
  paymentKey?: string;
}

/** Where a page ended: when it was opened, to the microsecond, and its id. */
export interface DiscrepancyPlace {
  openedAt: string;
  id: string;
}

/** Up to `limit` discrepancies opened after `after`, oldest first. */
export async function listDiscrepancies(
  db: Pool,
  filter: DiscrepancyFilter,
  page: { after: DiscrepancyPlace | null; limit: number },
): Promise<(DiscrepancyRow & { place: DiscrepancyPlace })[]> {
  const where = new Conditions();
  if (filter.status !== undefined) where.add((at) => `status = ${at}::text`, filter.status);
  if (filter.kind !== undefined) where.add((at) => `kind = ${at}::text`, filter.kind);
  if (filter.paymentKey !== undefined) where.add((at) => `payment_key = ${at}::uuid`, filter.paymentKey);
  if (page.after !== null) {
    const id = where.value(page.after.id);
    where.add((at) => `(opened_at, id) > (${at}::timestamptz, ${id}::uuid)`, page.after.openedAt);
  }
  const { rows } = await db.query<Stored & { place: DiscrepancyPlace }>(
    `select ${COLUMNS}, jsonb_build_object('openedAt', opened_at, 'id', id) as place from discrepancies ${where.text()}
     order by discrepancies.opened_at, discrepancies.id limit ${where.value(page.limit)}::integer`,
    where.values,
  );
  return rows.map((row) => ({ ...toRow(row), place: row.place }));
}

/** The open ones by kind. */
export async function countOpenDiscrepancies(db: Pool): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `select kind as sort, count(*)::int as count,
       extract(epoch from capstan_now() - min(opened_at))::float8 as "oldestSeconds"
     from discrepancies where status = 'open' group by kind`,
  );
  return rows;
}

function toRow({ mirror, mirrorReadAt, provider, providerReadAt, ...row }: Stored): DiscrepancyRow {
  return {
    ...row,
    mirror: { value: mirror, readAt: mirrorReadAt },
    provider: { value: provider, readAt: providerReadAt },
  };
}
