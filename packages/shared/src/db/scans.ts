import type { Pool, PoolClient } from 'pg';
import type { AskedPayment } from '../domain/bound-means-equal.ts';
import { IdSet } from '../provider/id-set.ts';
import type { WalkPlace } from '../provider/list-walk.ts';
import { askedOf } from './asked-payment.ts';
import { storableJson } from './storable-text.ts';
import { inTransaction } from './transaction.ts';

/** What an attempt of unknown outcome needs of a scan. */
export interface ScanRequest {
  attemptId: number;
  externalId: string;
  /** When the first attempt of its step began. */
  firstStartedAt: Date;
}

export interface OpenScanRequest extends ScanRequest {
  id: number;
  /** What its create asked for. */
  asked: AskedPayment;
}

/** A read is of the process that made it: only its own clock says how much time lies between two of them. */
export interface ReadingProcess {
  process: string;
  /** When it began to read, by a clock of the process that never jumps. */
  processMs: number;
}

/** How far a scan came in earlier turns; what is listed is the same in each. */
export interface ScanPlace {
  fromDay: string;
  toDay: string;
  walk: WalkPlace;
  /** Rows that could not be read whole. */
  unreadIds: string[];
}

export interface ScanUnderWay extends ReadingProcess {
  begunAt: string;
  place: ScanPlace;
}

/** A lane that was taken for one turn. */
export interface TakenLane {
  lane: string;
  takes: number;
  /** By the database clock, as PostgreSQL writes it: every request in the scan was there before. */
  takenAt: string;
  now: Date;
  /** Everybody the scan is made for. */
  requests: OpenScanRequest[];
  /** Null: this turn begins the scan. */
  underWay: ScanUnderWay | null;
  answeredMs: number;
}

export interface ScanAnswer<Row, T> extends ReadingProcess {
  answer: T;
  rows: Row[];
  /** How long ago the scan began, by the database clock. */
  beganMsAgo: number;
}

/** A command that waited for a scan and is due now. */
export interface WokenCommand {
  id: string;
  epoch: number;
}

/** Longer than this no place is kept: the list it is a place in is another one by then. */
const PLACE_KEPT = '30 minutes';
/** Requests answered by one statement. */
const ANSWERED_AT_ONCE = 200;

/** Asks for a scan of the lane that begins from now on; an attempt that waits there already goes on waiting. */
export async function requestScan(db: Pool, lane: string, request: ScanRequest): Promise<void> {
  await db.query(
    `insert into scan_requests as r (lane, attempt_id, external_id, first_started_at, is_whole, is_in_scan)
     values ($1::text, $2::bigint, $3::text, $4::timestamptz, true, false)
     on conflict (attempt_id) do update set lane = excluded.lane, is_in_scan = false, found = null, for_operator = false,
         answer = null, began_at = null, answered_at = null, process = null, process_ms = null
       where r.lane <> excluded.lane and (r.answer is null or r.for_operator)`,
    [lane, request.attemptId, request.externalId, request.firstStartedAt],
  );
}

/**
 * Takes the lane for one turn; null while somebody else scans it. Who died with it loses it after `leaseMs`. The turn
 * goes on where the last one stopped, for those it was begun for, or begins anew for all who ask by now.
 */
export function takeLane(db: Pool, lane: string, leaseMs: number): Promise<TakenLane | null> {
  return inTransaction(db, async (tx) => {
    const { rows } = await tx.query<LaneRow>(
      `insert into scan_lanes as l (lane, held_by, held_until, takes)
       values ($1::text, 0, capstan_now() + $2::float8 * interval '1 millisecond', 1)
       on conflict (lane) do update set held_until = excluded.held_until, takes = l.takes + 1
         where l.held_until <= capstan_now()
       returning takes, capstan_now()::text as "takenAt", capstan_now() as now, place, ids, begun_at::text as "begunAt",
         begun_by as process, begun_ms as "processMs", coalesce(answered_ms, 0) as "answeredMs",
         place is not null and begun_at between capstan_now() - '${PLACE_KEPT}'::interval and capstan_now() as "isKept"`,
      [lane, leaseMs],
    );
    const [row] = rows;
    if (row === undefined) return null;
    const { takes, takenAt, now, answeredMs } = row;
    const taken = { lane, takes, takenAt, now };
    if (row.isKept)
      return { ...taken, answeredMs, requests: await requestsInScan(tx, lane), underWay: underWayOf(row) };
    const begun = await beginScan(tx, lane);
    // How long others had been waiting is over with them.
    const isAgain = begun.some(({ waitsLonger }) => waitsLonger);
    return { ...taken, answeredMs: isAgain ? answeredMs : 0, requests: begun, underWay: null };
  });
}

interface LaneRow extends ReadingProcess {
  takes: number;
  takenAt: string;
  now: Date;
  isKept: boolean;
  place: Omit<ScanPlace, 'walk'> & { walk: Omit<WalkPlace, 'ids'> };
  ids: Buffer;
  begunAt: string;
  answeredMs: number;
}

function underWayOf({ begunAt, process, processMs, place, ids }: LaneRow): ScanUnderWay {
  const walk = { ...place.walk, ids: IdSet.fromBytes(ids) };
  return { begunAt, process, processMs, place: { ...place, walk } };
}

const REQUEST = `id, attempt_id as "attemptId", external_id as "externalId", first_started_at as "firstStartedAt",
  ${askedOf('(select payment_key from attempts where id = attempt_id)')} as asked`;

async function requestsInScan(tx: PoolClient, lane: string): Promise<OpenScanRequest[]> {
  const { rows } = await tx.query<OpenScanRequest>(
    `select ${REQUEST} from scan_requests where lane = $1::text and is_in_scan and answer is null`,
    [lane],
  );
  return rows;
}

/** For all who ask by now; attempts that were resolved otherwise, or wait for a person, ask no longer. */
async function beginScan(
  tx: PoolClient,
  lane: string,
): Promise<(OpenScanRequest & { waitsLonger: boolean })[]> {
  await tx.query(
    `delete from scan_requests r using attempts a, commands c
     where r.lane = $1::text and a.id = r.attempt_id and c.id = a.command_id
       and (c.status <> case when r.for_operator then 'parked' else 'unresolved' end or a.resolution in ('succeeded', 'rejected', 'retryable'))`,
    [lane],
  );
  const { rows } = await tx.query<OpenScanRequest & { waitsLonger: boolean }>(
    `with asking as (
       select id, is_in_scan as "waitsLonger" from scan_requests where lane = $1::text and answer is null for update
     ), begun as (
       update scan_requests r set is_in_scan = true, found = null from asking where r.id = asking.id
       returning r.*, "waitsLonger"
     )
     select ${REQUEST}, "waitsLonger" from begun`,
    [lane],
  );
  return rows;
}

/** Has the lane for another `leaseMs`; changes nothing when somebody else took it meanwhile. */
export async function keepLane(db: Pool, { lane, takes }: TakenLane, leaseMs: number): Promise<void> {
  await db.query(
    `update scan_lanes set held_until = capstan_now() + $3::float8 * interval '1 millisecond'
     where lane = $1::text and takes = $2::bigint`,
    [lane, takes, leaseMs],
  );
}

/** Ends a turn before the end of its scan: whoever takes the lane next goes on there. */
export async function keepPlace(
  db: Pool,
  { lane, takes }: TakenLane,
  scan: ScanUnderWay,
  turn: { answeredMs: number; found: ReadonlyMap<number, readonly unknown[]> },
): Promise<void> {
  const { ids, ...walk } = scan.place.walk;
  await inTransaction(db, async (tx) => {
    const { rowCount } = await tx.query(
      `update scan_lanes set held_until = '-infinity', begun_at = $3::timestamptz, begun_by = $4::text,
         begun_ms = $5::float8, place = $6::jsonb, ids = $7::bytea, answered_ms = $8::float8
       where lane = $1::text and takes = $2::bigint`,
      [
        lane,
        takes,
        scan.begunAt,
        scan.process,
        scan.processMs,
        storableJson({ ...scan.place, walk }),
        ids.toBytes(),
        turn.answeredMs,
      ],
    );
    if (rowCount !== 1 || turn.found.size === 0) return;
    await tx.query(
      `update scan_requests r set found = coalesce(r.found, '[]') || f.rows
       from jsonb_to_recordset($2::jsonb) as f(id bigint, rows jsonb)
       where r.id = f.id and r.lane = $1::text and r.is_in_scan`,
      [lane, storableJson([...turn.found].map(([id, rows]) => ({ id, rows })))],
    );
  });
}

/** Lets go of a lane in which nobody asks for anything. */
export async function leaveLane(db: Pool, { lane, takes }: TakenLane): Promise<void> {
  await db.query('delete from scan_lanes where lane = $1::text and takes = $2::bigint', [lane, takes]);
}

/**
 * Ends a scan: everybody it was made for has its answer, and the commands that gave their claims back until then are due.
 * Part by part, so that no statement holds many rows; one who dies in between has the rest scanned again.
 */
export async function answerScan(
  db: Pool,
  taken: TakenLane,
  scan: ReadingProcess & { begunAt: string },
  answer: { answer: unknown; found: ReadonlyMap<number, readonly unknown[]>; graceMs: number },
): Promise<WokenCommand[]> {
  const woken: WokenCommand[] = [];
  for (let from = 0; from < taken.requests.length; from += ANSWERED_AT_ONCE) {
    const part = taken.requests.slice(from, from + ANSWERED_AT_ONCE);
    const answers = part.map(({ id }) => ({ id, rows: answer.found.get(id) ?? [] }));
    const { rows } = await db.query<WokenCommand>(
      `with held as (select from scan_lanes where lane = $1::text and takes = $2::bigint),
       answered as (
         update scan_requests r set began_at = $3::timestamptz, process = $4::text, process_ms = $5::float8,
           answer = $6::jsonb, answered_at = capstan_now(), found = coalesce(r.found, '[]') || a.rows
         from jsonb_to_recordset($7::jsonb) as a(id bigint, rows jsonb)
         where r.id = a.id and r.lane = $1::text and r.is_in_scan and r.answer is null and exists (select from held)
         returning r.attempt_id
       )
       update commands c set due_at = capstan_now(), offer_at = capstan_now() + $8::float8 * interval '1 millisecond'
       from answered join attempts a on a.id = answered.attempt_id
       where c.id = a.command_id and c.status = 'unresolved' and c.claimed_until is null and c.waits_for is null
         and c.due_at > capstan_now()
       returning c.id, c.claim_epoch as epoch`,
      [
        taken.lane,
        taken.takes,
        scan.begunAt,
        scan.process,
        scan.processMs,
        storableJson(answer.answer),
        storableJson(answers),
        answer.graceMs,
      ],
    );
    woken.push(...rows);
  }
  await leaveLane(db, taken);
  return [...woken, ...(await wakeNext(db, taken.lane, answer.graceMs))];
}

/** One of those who asked while the scan was under way: the next scan, which it begins, is for all of them. */
async function wakeNext(db: Pool, lane: string, graceMs: number): Promise<WokenCommand[]> {
  const { rows } = await db.query<WokenCommand>(
    `update commands set due_at = capstan_now(), offer_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where id = (
       select c.id from scan_requests r join attempts a on a.id = r.attempt_id join commands c on c.id = a.command_id
       where r.lane = $1::text and r.answer is null and c.status = 'unresolved' and c.claimed_until is null
         and c.waits_for is null
       order by r.id limit 1 for update of c skip locked
     )
     returning id, claim_epoch as epoch`,
    [lane, graceMs],
  );
  return rows;
}

/** Takes the answer of an attempt away with it: a scan is one read of it. Null while there is none. */
export async function collectScan<Row, T>(db: Pool, attemptId: number): Promise<ScanAnswer<Row, T> | null> {
  const { rows } = await db.query<ScanAnswer<Row, T>>(
    `delete from scan_requests where attempt_id = $1::bigint and answer is not null and not for_operator
     returning answer, found as rows, process, process_ms as "processMs",
       (extract(epoch from capstan_now() - began_at) * 1000)::float8 as "beganMsAgo"`,
    [attemptId],
  );
  return rows[0] ?? null;
}

/** Asked under the lock of the attempt's command: from then on whoever answers finds it waiting. */
export async function isScanAnswered(tx: PoolClient, attemptId: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select from scan_requests where attempt_id = $1::bigint and answer is not null and not for_operator',
    [attemptId],
  );
  return rowCount === 1;
}
