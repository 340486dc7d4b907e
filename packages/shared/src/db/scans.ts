import type { Pool } from 'pg';
import { storableJson } from './storable-text.ts';

/** What a create of unknown outcome needs of a scan. */
export interface ScanRequest {
  externalId: string;
  /** When its first attempt began. */
  firstStartedAt: Date;
  /** Look everywhere the effect could be: from this scan absence may be concluded. */
  isWhole: boolean;
}

export interface OpenScanRequest extends ScanRequest {
  id: number;
}

/** A lane that was taken, with everybody who waits there; the taker's own request is missing when it was just answered. */
export interface TakenLane {
  requests: OpenScanRequest[];
  /** When it was taken, by the database clock: everybody in it had asked before. As PostgreSQL writes it. */
  beganAt: string;
  /** The same to the millisecond. */
  now: Date;
}

export interface ScanAnswer<T> {
  answer: T;
  /** How long ago the scan began, by the database clock. */
  beganMsAgo: number;
}

/** Left behind by a process that died; everybody who is alive has given up long before. */
const FORGOTTEN_AFTER = '10 minutes';

/** Asks for a scan of the lane that begins from now on. @returns the id of the request. */
export async function requestScan(db: Pool, lane: string, request: ScanRequest): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `with forgotten as (
       delete from scan_requests where id in (
         select id from scan_requests where requested_at < capstan_now() - '${FORGOTTEN_AFTER}'::interval
         for update skip locked
       )
     )
     insert into scan_requests (lane, external_id, first_started_at, is_whole)
     values ($1::text, $2::text, $3::timestamptz, $4::boolean) returning id`,
    [lane, request.externalId, request.firstStartedAt, request.isWhole],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a request for a scan was not written');
  return row.id;
}

/**
 * Takes the lane for the request's holder, with all who asked by now; null while somebody else scans it. Who died
 * with it loses it after `leaseMs`.
 */
export async function takeLane(
  db: Pool,
  lane: string,
  { requestId, leaseMs }: { requestId: number; leaseMs: number },
): Promise<TakenLane | null> {
  const { rows } = await db.query<Omit<TakenLane, 'requests'> & (OpenScanRequest | { id: null })>(
    `with taken as (
       insert into scan_lanes as l (lane, held_by, held_until)
       values ($1::text, $2::bigint, capstan_now() + $3::float8 * interval '1 millisecond')
       on conflict (lane) do update set held_by = excluded.held_by, held_until = excluded.held_until
         where l.held_until <= capstan_now()
       returning lane
     )
     select r.id, r.external_id as "externalId", r.first_started_at as "firstStartedAt", r.is_whole as "isWhole",
       capstan_now() as now, capstan_now()::text as "beganAt"
     from taken left join scan_requests r
       on r.lane = taken.lane and r.answer is null`,
    [lane, requestId, leaseMs],
  );
  const [first] = rows;
  if (first === undefined) return null;
  return { requests: rows.filter((row) => row.id !== null), beganAt: first.beganAt, now: first.now };
}

/** Has the lane for another `leaseMs`; changes nothing when somebody else took it meanwhile. */
export async function keepLane(
  db: Pool,
  lane: string,
  { requestId, leaseMs }: { requestId: number; leaseMs: number },
): Promise<void> {
  await db.query(
    `update scan_lanes set held_until = capstan_now() + $3::float8 * interval '1 millisecond'
     where lane = $1::text and held_by = $2::bigint`,
    [lane, requestId, leaseMs],
  );
}

/** Answers requests that nobody else answered meanwhile, and lets go of the lane. */
export async function answerScan(
  db: Pool,
  lane: string,
  scan: { requestId: number; beganAt: string; answers: readonly { id: number; answer: unknown }[] },
): Promise<void> {
  await db.query(
    `with left_lane as (delete from scan_lanes where lane = $1::text and held_by = $2::bigint)
     update scan_requests r set began_at = $3::timestamptz, answer = a.answer
     from jsonb_to_recordset($4::jsonb) as a(id bigint, answer jsonb)
     where r.id = a.id and r.answer is null`,
    [lane, scan.requestId, scan.beganAt, storableJson(scan.answers)],
  );
}

/** Takes the answer of a request away with it; null while there is none. */
export async function collectScan<T>(db: Pool, requestId: number): Promise<ScanAnswer<T> | null> {
  const { rows } = await db.query<ScanAnswer<T>>(
    `delete from scan_requests where id = $1::bigint and answer is not null
     returning answer, (extract(epoch from capstan_now() - began_at) * 1000)::float8 as "beganMsAgo"`,
    [requestId],
  );
  return rows[0] ?? null;
}

/** Asks no longer. */
export async function withdrawScan(db: Pool, requestId: number): Promise<void> {
  await db.query('delete from scan_requests where id = $1::bigint', [requestId]);
}
