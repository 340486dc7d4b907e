import type { Pool } from 'pg';
import type { PaymentRow } from './payments.ts';
import { PAYMENT_COLUMNS } from './payments.ts';

/** A day as `yyyy-mm-dd`, in UTC. */
export type Day = string;

/**
 * Takes the oldest day that is over, was not compared whole and is not being compared by somebody else. Days before this
 * database was first used are not taken.
 */
export async function claimDueDay(
  db: Pool,
  claim: { by: string; leaseMs: number; settledAfterMs: number; daysMax: number },
): Promise<Day | null> {
  const { rows } = await db.query<{ day: Day }>(
    `with due as (
       select d::date as day
       from environment, generate_series(
         greatest((created_at at time zone 'UTC')::date, (capstan_now() at time zone 'UTC')::date - $4::integer),
         ((capstan_now() - $3::float8 * interval '1 millisecond') at time zone 'UTC')::date - 1,
         interval '1 day') as d
       where not exists (
         select from compared_days c where c.day = d::date and (c.completed_at is not null or c.claimed_until > capstan_now())
       )
       order by d limit 1
     )
     insert into compared_days as c (day, claimed_by, claimed_until)
     select day, $1::text, capstan_now() + $2::float8 * interval '1 millisecond' from due
     on conflict (day) do update set claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
       where c.completed_at is null and (c.claimed_until is null or c.claimed_until <= capstan_now())
     returning day::text`,
    [claim.by, claim.leaseMs, claim.settledAfterMs, claim.daysMax],
  );
  return rows[0]?.day ?? null;
}

/** Keeps the claim while the comparison goes on. */
export async function renewDayClaim(
  db: Pool,
  day: Day,
  claim: { by: string; leaseMs: number },
): Promise<void> {
  await db.query(
    `update compared_days set claimed_until = capstan_now() + $3::float8 * interval '1 millisecond'
     where day = $1::date and claimed_by = $2::text`,
    [day, claim.by, claim.leaseMs],
  );
}

/** The day was not compared whole; it is due again after `againMs`. */
export async function releaseDay(db: Pool, day: Day, claim: { by: string; againMs: number }): Promise<void> {
  await renewDayClaim(db, day, { by: claim.by, leaseMs: claim.againMs });
}

/** Notes that a day was compared whole; one that is not over yet goes on, so it is not noted. */
export async function completeDay(db: Pool, day: Day, counts: object): Promise<void> {
  await db.query(
    `insert into compared_days (day, completed_at, counts)
     select $1::date, capstan_now(), $2::jsonb where $1::date < (capstan_now() at time zone 'UTC')::date
     on conflict (day) do update set completed_at = excluded.completed_at, counts = excluded.counts,
       claimed_by = null, claimed_until = null`,
    [day, JSON.stringify(counts)],
  );
}

/** Mirrored payments with these Conomy ids, and the live ones with these externalIds. */
export async function findListed(
  db: Pool,
  conomyIds: readonly string[],
  externalIds: readonly string[],
): Promise<PaymentRow[]> {
  const { rows } = await db.query<PaymentRow>(
    `select ${PAYMENT_COLUMNS} from payments
     where conomy_id = any($1::text[]) or (external_id = any($2::text[]) and external_id_released_at is null)`,
    [conomyIds, externalIds],
  );
  return rows;
}

/** Where a page of created payments ended: its instant, to the microsecond, and key. */
export interface CreatedPlace {
  createdAt: string;
  key: string;
}

export type CreatedPayment = PaymentRow & { conomyId: string; place: CreatedPlace };

/**
 * Up to `limit` payments behind `after` that Conomy created on a day, or that were accepted on it where it told no time; in the
 * order of their index, so that every page of a day costs the same.
 */
export async function findCreatedOn(
  db: Pool,
  day: Day,
  page: { after: CreatedPlace | null; limit: number },
): Promise<CreatedPayment[]> {
  const { rows } = await db.query<CreatedPayment>(
    `select ${PAYMENT_COLUMNS}, jsonb_build_object('createdAt', ${CREATED_AT}, 'key', key) as place
     from payments
     where (${CREATED_AT}, key) > (
         coalesce($2::timestamptz, $1::date::timestamp at time zone 'UTC'),
         coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
       )
       and ${CREATED_AT} < ($1::date + 1)::timestamp at time zone 'UTC'
       and conomy_id is not null and kind = 'payment'
     order by ${CREATED_AT}, key limit $4::integer`,
    [day, page.after?.createdAt ?? null, page.after?.key ?? null, page.limit],
  );
  return rows;
}

/** As `payments_created_idx` has it. */
const CREATED_AT = 'coalesce(conomy_created_at, accepted_at)';
