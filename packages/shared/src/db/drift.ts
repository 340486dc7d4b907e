import type { Drift, DriftKind } from '../provider/conomy/drift.ts';
import type { Backlog } from '../telemetry/backlog.ts';
import type { Pool } from './pool.ts';

export interface DriftRow extends Drift {
  times: number;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

/** Adds what was seen since; one row per drift. */
export async function addDrift(db: Pool, seen: readonly (Drift & { times: number })[]): Promise<void> {
  await db.query(
    `insert into drift as d (kind, place, name, seen, times)
     select kind, place, name, seen, times
     from jsonb_to_recordset($1::jsonb) as s(kind text, place text, name text, seen text, times bigint)
     order by kind, place, name, seen
     on conflict (kind, place, name, seen) do update set times = d.times + excluded.times, last_seen_at = capstan_now()`,
    [JSON.stringify(seen)],
  );
}

/** How many different drifts there are by kind; the age is that of the one seen first. */
export async function countDrift(db: Pool): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog & { sort: DriftKind }>(
    `select kind as sort, count(*)::int as count,
       extract(epoch from capstan_now() - min(first_seen_at))::float8 as "oldestSeconds"
     from drift group by kind`,
  );
  return rows;
}
