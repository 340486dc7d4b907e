import type { PoolClient } from 'pg';

/** What a refund attempt may have given back although a person ruled it out. */
export interface DoubtfulRefund {
  attemptId: number;
  minor: bigint;
  /** The number its payment had reached when it was ruled out: a refund linked later may be its late effect. */
  from: number;
  /** Conomy ids that a person said are of somebody else. */
  notOurs: string[];
}

/** The doubts of a payment that were not ended, oldest first. The caller holds its row. */
export async function findDoubtfulRefunds(tx: PoolClient, parentKey: string): Promise<DoubtfulRefund[]> {
  const { rows } = await tx.query<Omit<DoubtfulRefund, 'minor'> & { minor: string }>(
    `select id as "attemptId", doubtful_minor::text as minor, doubted_from as "from", coalesce(not_ours, '{}') as "notOurs" from attempts
     where payment_key = $1::uuid and doubtful_minor is not null order by id`,
    [parentKey],
  );
  return rows.map((row) => ({ ...row, minor: BigInt(row.minor) }));
}

/**
 * A person ruled the attempt out: what it had reserved is free for nobody, since Conomy may still do it. The caller holds
 * the payment's row.
 */
export async function doubtRefund(tx: PoolClient, attemptId: number): Promise<void> {
  await tx.query(
    `with doubted as (
       update attempts a set doubtful_minor = p.refund_reserved_minor, doubted_from = p.refunds_linked
       from payments p
       where a.id = $1::bigint and p.key = a.payment_key and p.refund_reserved_minor > 0 and a.doubtful_minor is null
       returning a.payment_key, a.doubtful_minor
     )
     update payments p set refund_doubtful_minor = refund_doubtful_minor + d.doubtful_minor, refund_reserved_minor = 0
     from doubted d where p.key = d.payment_key`,
    [attemptId],
  );
}

/**
 * It is known what became of the attempt: it made a refund after all, or a person confirmed that it never will. The caller
 * holds the payment's row.
 * @returns false when nothing was doubtful.
 */
export async function endDoubt(tx: PoolClient, attemptId: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `with doubted as (
       select id, payment_key, doubtful_minor from attempts where id = $1::bigint and doubtful_minor is not null
     ), ended as (
       update attempts a set doubtful_minor = null from doubted d where a.id = d.id
     )
     update payments p set refund_doubtful_minor = refund_doubtful_minor - d.doubtful_minor
     from doubted d where p.key = d.payment_key`,
    [attemptId],
  );
  return rowCount === 1;
}

/** Whether a refund of the payment is under way, or nobody knows yet what it made: a new refund may be its effect. */
export async function isRefundAtWork(tx: PoolClient, parentKey: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from attempts where payment_key = $1::uuid and operation = 'refund' and refund_key is null
       and (outcome is null or (outcome = 'unknown' and (resolution is null or resolution = 'parked')))
     limit 1`,
    [parentKey],
  );
  return rowCount === 1;
}
