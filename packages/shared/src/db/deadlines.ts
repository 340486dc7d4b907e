import type { Pool } from 'pg';

/** A command to be ended; one that is blocked cannot be claimed for it. */
export interface PastDeadline {
  id: string;
  isBlocked: boolean;
}

/**
 * Up to `limit` commands whose notAfter instant has passed, with no claim on them and nothing of their step under way. Those
 * that can be claimed are due at once, whatever they waited for; but one whose turns fail by themselves is tried no sooner than
 * otherwise. Several may ask at once and be given the same.
 */
export async function takePastDeadline(db: Pool, limit: number): Promise<PastDeadline[]> {
  const { rows } = await db.query<PastDeadline>(
    `with past as (
       select c.id from commands c
       where c.not_after is not null and c.not_after <= capstan_now() and c.status in ('accepted', 'blocked', 'executing')
         and (c.claimed_until is null or c.claimed_until <= capstan_now())
         and (c.tries = 0 or c.due_at <= capstan_now())
         and not exists (
           select from attempts a where a.command_id = c.id and a.step = c.steps_done
             and (a.outcome is null or (a.outcome = 'unknown' and coalesce(a.resolution, 'parked') = 'parked')
               -- A step that was sent and is held by a review takes effect when that ends well.
               or (a.operation in ('authorize', 'capture')
                 and exists (select from payments p where p.key = c.payment_key and p.status = 'REQUIRES_REVIEW')))
         )
       order by c.not_after limit $1::integer
       for update of c skip locked
     ), due as (
       update commands set due_at = capstan_now()
       where id in (select id from past) and status <> 'blocked' and due_at > capstan_now()
     )
     select id, status = 'blocked' as "isBlocked" from commands where id in (select id from past)`,
    [limit],
  );
  return rows;
}
