import { createAnnouncer, listenTo, SCANS } from '@capstan/shared/db/announcements';
import type { Pool } from '@capstan/shared/db/pool';
import {
  answerScan,
  collectScan,
  keepLane,
  type OpenScanRequest,
  requestScan,
  type ScanRequest,
  takeLane,
  withdrawScan,
} from '@capstan/shared/db/scans';
import { waitForAnnouncement } from '@capstan/shared/db/wait-for-announcement';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Logger } from '@capstan/shared/telemetry/logger';
import type { CapturerContext } from './context.ts';
import { type CreatedScan, type ScanLane, scanCreated } from './scan-created.ts';

/** Tells all capturers that the scan of a lane is over, and waits until they say so. */
export interface ScanNews {
  announce(lane: string): void;
  /** Looks, and again whenever a scan of the lane is over, until there is something to see; null when aborted before. */
  wait<T>(lane: string, signal: AbortSignal, look: () => Promise<T | null>): Promise<T | null>;
}

/** News for one process, over PostgreSQL. `close` before the pool ends. */
export function openScanNews(
  databaseUrl: string,
  pool: Pool,
  log: Logger,
): ScanNews & { close(): Promise<void> } {
  const announcer = createAnnouncer(pool, SCANS, log);
  const listener = listenTo(databaseUrl, SCANS, log);
  return {
    announce: announcer.announce,
    wait: (key, signal, look) =>
      waitForAnnouncement({
        listener,
        key,
        waitMs: Number.POSITIVE_INFINITY,
        signal,
        look,
        isDone: (seen) => seen !== null,
      }),
    close: async () => {
      await listener.close();
      await announcer.idle();
    },
  };
}

/** What a scan showed to one who asked. */
export interface ScanShown {
  /** Every row with the externalId asked for; null when the scan came to no end. */
  rows: readonly ObservedPayment[] | null;
  /** How many rows were seen, or why it came to no end. */
  detail: Record<string, unknown>;
}

/**
 * Has one scan of the provider serve everybody who needs it, over all capturers: those who ask while their lane is
 * being scanned share the next scan. A scan never serves somebody who asked after it had begun, since it may have
 * passed by what they look for.
 * @param signal ends the wait; what is shown then is a scan without an end.
 */
export async function shareScan(
  context: CapturerContext,
  lane: ScanLane,
  request: ScanRequest,
  signal: AbortSignal,
): Promise<ScanShown & { beganAtMs: number }> {
  const { pool, scanNews, monotonicMs } = context;
  const name = nameOf(lane);
  const askedAtMs = monotonicMs();
  const id = await requestScan(pool, name, request);
  const collected = await scanNews.wait(name, signal, async () => {
    await scanInTurn(context, lane, id);
    return collectScan<ScanShown>(pool, id);
  });
  if (collected !== null) return { ...collected.answer, beganAtMs: monotonicMs() - collected.beganMsAgo };
  await withdrawScan(pool, id);
  return { rows: null, detail: { reason: 'no_turn_in_time' }, beganAtMs: askedAtMs };
}

/** Scans for all who ask now, unless somebody else is scanning. */
async function scanInTurn(context: CapturerContext, lane: ScanLane, requestId: number): Promise<void> {
  const { pool, provider, timings, scanNews } = context;
  const name = nameOf(lane);
  const hold = { requestId, leaseMs: timings.readLeaseMs };
  const taken = await takeLane(pool, name, hold);
  if (taken === null) return;
  const { requests, beganAt, now } = taken;
  // Who was answered a moment ago leaves the lane to those who wait.
  const isMine = requests.some(({ id }) => id === requestId);
  const answers: { id: number; answer: ScanShown }[] = [];
  try {
    if (isMine) {
      const scan = await scanCreated(provider, lane, requests, {
        now,
        beforeCall: () => keepLane(pool, name, hold),
        signal: AbortSignal.timeout(timings.readMsMax),
      });
      answers.push(...requests.map((request) => ({ id: request.id, answer: shownTo(request, scan) })));
    }
  } finally {
    await answerScan(pool, name, { requestId, beganAt, answers });
    if (requests.length > 0) scanNews.announce(name);
  }
}

function nameOf({ operation, accountNumber, type }: ScanLane): string {
  return `${operation} ${accountNumber} ${type}`;
}

function shownTo({ externalId }: OpenScanRequest, { rows, detail }: CreatedScan): ScanShown {
  return { rows: rows?.filter((row) => row.externalId === externalId) ?? null, detail };
}
