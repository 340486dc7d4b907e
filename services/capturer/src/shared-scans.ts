import { nameOfLane, type ScanLane } from '@capstan/shared/db/scan-lanes';
import {
  answerScan,
  collectScan,
  keepLane,
  keepPlace,
  leaveLane,
  type ReadingProcess,
  requestScan,
  type ScanAnswer,
  type ScanRequest,
  type ScanUnderWay,
  type TakenLane,
  takeLane,
} from '@capstan/shared/db/scans';
import { isAnswered, type ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { commandJob, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';
import { describeFailure, type ScannedTurn, scanCreated } from './scan-created.ts';

/** What a scan came to, for everybody it was made for. */
export interface ScanReport {
  /** `whole`: what it does not show is not there. `too_long`: more than will ever be scanned. */
  end: 'whole' | 'open' | 'too_long';
  /** The provider told something. */
  answered: boolean;
  /** How many rows were seen, or why it is not whole. */
  detail: Record<string, unknown>;
  /** How far Conomy's clock was ahead of the database's; null where its answer did not tell. */
  clockAheadMs: number | null;
}

export interface ScanShown extends ReadingProcess, ScanReport {
  /** Every row that may be the one asked for. */
  rows: readonly ObservedPayment[];
  beganMsAgo: number;
}

/** Nobody sits and waits for the scan of another: the command comes back when it is over, or after `dueMs` to look. */
export type JoinedScan = { kind: 'shown'; shown: ScanShown } | { kind: 'waits'; dueMs: number };

/** Whoever scans may die; those who wait for it look after this long. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Has one scan of the provider serve everybody who needs it, over all capturers. A scan never serves somebody who asked
 * after it had begun, since it may have passed by what they look for: those share the next one.
 */
export async function joinScan(
  context: CapturerContext,
  lane: ScanLane,
  request: ScanRequest,
  signal: AbortSignal,
): Promise<JoinedScan> {
  const { pool, timings } = context;
  const { attemptId } = request;
  const earlier = await collect(context, attemptId);
  if (earlier !== null) return earlier;
  const name = nameOfLane(lane);
  await requestScan(pool, name, request);
  const taken = await takeLane(pool, name, timings.readLeaseMs);
  if (taken === null) return { kind: 'waits', dueMs: LOOK_AGAIN_MS };
  const failure = await takeScanTurn(context, lane, taken, signal);
  const own = await collect(context, attemptId);
  if (own !== null) return own;
  const isMine = taken.requests.some((asking) => asking.attemptId === attemptId);
  if (failure === null || !isMine) return { kind: 'waits', dueMs: failure === null ? 0 : LOOK_AGAIN_MS };
  return { kind: 'shown', shown: failure };
}

async function collect({ pool }: CapturerContext, attemptId: number): Promise<JoinedScan | null> {
  const collected: ScanAnswer<ObservedPayment, ScanReport> | null = await collectScan(pool, attemptId);
  if (collected === null) return null;
  const { answer, rows, ...read } = collected;
  // A row that was shown in two turns is one row.
  const unique = [...new Map(rows.map((row) => [row.id, row])).values()];
  return { kind: 'shown', shown: { ...read, ...answer, rows: unique } };
}

/** Scans for one turn. @returns what the failure of a page told, when one ended the turn. */
export async function takeScanTurn(
  context: CapturerContext,
  lane: ScanLane,
  taken: TakenLane,
  signal: AbortSignal,
): Promise<ScanShown | null> {
  const { pool, provider, timings, monotonicMs, worker } = context;
  if (taken.requests.length === 0) {
    await leaveLane(pool, taken);
    return null;
  }
  const beganMs = monotonicMs();
  const begun = taken.underWay ?? { begunAt: taken.takenAt, process: worker, processMs: beganMs };
  const overMs = beganMs + timings.scanTurnMs;
  // Whoever may not be told that nothing is there waits for the end of the list, however far that is.
  const isBounded = lane.look !== 'operator';
  const rowsMax = isBounded ? timings.scanRowsMax : Number.POSITIVE_INFINITY;
  let rows = taken.underWay?.place.walk.rows ?? 0;
  const turn = await scanCreated(provider, lane, taken, {
    beforeCall: () => keepLane(pool, taken, timings.readLeaseMs),
    isOver: (more) => {
      rows += more;
      return monotonicMs() >= overMs || rows >= rowsMax;
    },
    signal,
  });
  const hasMoved = turn.place.walk.pages > (taken.underWay?.place.walk.pages ?? 0);
  const answeredMs = taken.answeredMs + (hasMoved ? monotonicMs() - beganMs : 0);
  const report = reportOf(lane, turn, {
    rowsMax,
    msMax: isBounded ? timings.absence.unknownMsMax : Number.POSITIVE_INFINITY,
    answeredMs,
  });
  const { found, place, end } = turn;
  if (report !== null) {
    const dbNowMs = taken.now.getTime() + (monotonicMs() - beganMs);
    const clockAheadMs = turn.answeredAt === null ? null : turn.answeredAt.getTime() - dbNowMs;
    const answer = { answer: { ...report, clockAheadMs }, found, graceMs: RELAY_GRACE_MS };
    const woken = await answerScan(pool, taken, begun, answer);
    await context.commands.offer(woken.map(({ id, epoch }) => commandJob(id, epoch)));
    return null;
  }
  const scan: ScanUnderWay = { ...begun, place };
  await keepPlace(pool, taken, scan, { answeredMs, found });
  if (end.kind !== 'failed') return null;
  const { process, processMs } = { process: worker, processMs: beganMs };
  const detail = describeFailure(end.failure);
  const told = {
    end: 'open' as const,
    answered: isAnswered(end.failure),
    detail,
    clockAheadMs: null,
    rows: [],
  };
  return { ...told, process, processMs, beganMsAgo: monotonicMs() - beganMs };
}

/** Null while the scan goes on in another turn. */
function reportOf(
  { look }: ScanLane,
  { end, place }: ScannedTurn,
  bounds: { rowsMax: number; msMax: number; answeredMs: number },
): Omit<ScanReport, 'clockAheadMs'> | null {
  const { walk, unreadIds } = place;
  const counts = { rows: walk.ids.size, pages: walk.pages };
  const open = (detail: Record<string, unknown>, answered = true) => ({
    end: 'open' as const,
    answered,
    detail: { ...detail, ...counts },
  });
  const isOpen = end.kind === 'stopped' || end.kind === 'failed';
  if (look === 'first') {
    return end.kind === 'failed'
      ? open(describeFailure(end.failure), isAnswered(end.failure))
      : open({ reason: 'first_look' });
  }
  if (isOpen && (walk.rows >= bounds.rowsMax || bounds.answeredMs >= bounds.msMax))
    return { end: 'too_long', answered: true, detail: { reason: 'scan_too_long', ...counts } };
  if (isOpen) return null;
  if (end.kind === 'gap') return open({ ...end.gap });
  if (unreadIds.length > 0) return open({ reason: 'row_unreadable', id: unreadIds[0] });
  return { end: 'whole', answered: true, detail: counts };
}
