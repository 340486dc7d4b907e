import type { CommandStatus } from '../domain/command-status.ts';
import type { Pool } from './pool.ts';

export interface UnfinishedCommands {
  status: CommandStatus;
  commands: number;
  /** Of the one that has waited longest: an unresolved one since its call ended, any other since it was accepted. */
  oldestSeconds: number;
}

/** The commands that have not ended, by status. Touches these and their unknown attempts only. */
export async function countUnfinished(db: Pool): Promise<UnfinishedCommands[]> {
  const { rows } = await db.query<UnfinishedCommands>(
    `select c.status, count(*)::int as commands,
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
