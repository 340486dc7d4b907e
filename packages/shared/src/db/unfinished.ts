import type { Backlog } from '../telemetry/backlog.ts';
import type { Pool } from './pool.ts';

/**
 * The commands that have not ended, by status; the oldest is the one that has waited longest, an unresolved one since its
 * call ended, any other since it was accepted. Touches these and their unknown attempts only.
 */
export async function countUnfinished(db: Pool): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `select c.status as sort, count(*)::int as count,
       extract(epoch from capstan_now() - min(coalesce(a.finished_at, c.accepted_at)))::float8 as "oldestSeconds"
     from commands c
     left join lateral (
       select finished_at from attempts
       where c.status = 'unresolved' and command_id = c.id and outcome = 'unknown' and resolution is null
       order by id desc limit 1
     ) a on true
     where c.status in ('accepted', 'blocked', 'executing', 'unresolved', 'parked')
     group by c.status`,
  );
  return rows;
}
