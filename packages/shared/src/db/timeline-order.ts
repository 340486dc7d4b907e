import type { Pool } from 'pg';

/**
 * When each thing of a payment's timeline began, in microseconds, by the name of its entry. A Date holds milliseconds only:
 * what came later within one of them could else be put before what somebody has read already.
 */
export async function findTimelineOrder(db: Pool, paymentKey: string): Promise<Map<string, number>> {
  const { rows } = await db.query<{ entry: string; us: number }>(
    `select entry, (extract(epoch from at) * 1000000)::bigint as us from (
       select 'command-' || id as entry, accepted_at as at from commands where payment_key = $1::uuid
       union all
       select 'attempt-' || command_id || '-' || operation || '-' || number, started_at from attempts where payment_key = $1::uuid
       union all
       select 'delivery-' || id, received_at from webhook_deliveries where payment_key = $1::uuid
       union all
       select 'move-' || version, at from journal where payment_key = $1::uuid
       union all
       select 'redrive-' || r.id, r.at from command_redrives r join commands c on c.id = r.command_id where c.payment_key = $1::uuid
       union all
       select 'conclusion-' || r.id, r.at from command_conclusions r join commands c on c.id = r.command_id where c.payment_key = $1::uuid
       union all
       select 'discrepancy-' || id, opened_at from discrepancies where payment_key = $1::uuid
       union all
       select 'notification-evt_' || id, at from events where payment_key = $1::uuid
     ) as entries`,
    [paymentKey],
  );
  return new Map(rows.map(({ entry, us }) => [entry, us]));
}
