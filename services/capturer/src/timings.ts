import type { AbsenceRule } from './conclude-unknown.ts';

/** Every duration of the capturer, in milliseconds, derived from its configuration once. */
export interface CapturerTimings {
  /** A claim older than this sends nothing. */
  sendWindowMs: number;
  /** A provider call ends by then, answered or not. */
  callMsMax: number;
  /** How long nobody else may take over while a call may be under way. */
  sendLeaseMs: number;
  /** The same while only reads are made, and for the scan of a list: kept as long as they go on. */
  readLeaseMs: number;
  /** All the time there is for the reads of one turn; a list may have many pages. */
  readMsMax: number;
  /** A scan that goes on by then goes on in the next turn; the call under way may take its time. */
  scanTurnMs: number;
  /** Rows after which a scan is given up. */
  scanRowsMax: number;
  /** For about this long a command gives its claim back that finds no place to read. */
  readPlaceMs: number;
  /** After a read that failed before anything could be decided. */
  readAgainMs: number;
  absence: AbsenceRule;
  /** Reads before a refund, `readAgainMs` apart, that may be answered and tell too little, before a person is asked. */
  vainReadsMax: number;
  /** The same for reads that contradict a stored final state, before they are believed. */
  contradictingReadsMax: number;
}

/** Between the latest end of a call and the earliest takeover: covers the commit that records the outcome. */
const TAKEOVER_MARGIN_MS = 3_000;

const READ_AGAIN_MS = 5_000;

/** Reads that span so much time when each follows the one before after the usual wait. */
function readsOver(ms: number): number {
  return Math.ceil(ms / READ_AGAIN_MS) + 1;
}

export function capturerTimings(config: {
  sendWindowMs: number;
  callMsMax: number;
  absenceReadsMin: number;
  absenceSpanMs: number;
  scanRowsMax: number;
  unknownMsMax: number;
  refundUnreadableMs: number;
}): CapturerTimings {
  return {
    sendWindowMs: config.sendWindowMs,
    callMsMax: config.callMsMax,
    sendLeaseMs: config.sendWindowMs + config.callMsMax + TAKEOVER_MARGIN_MS,
    readLeaseMs: config.callMsMax + TAKEOVER_MARGIN_MS,
    readMsMax: 5 * config.callMsMax,
    scanTurnMs: 4 * config.callMsMax,
    scanRowsMax: config.scanRowsMax,
    readPlaceMs: 1_000,
    readAgainMs: READ_AGAIN_MS,
    absence: {
      readsMin: config.absenceReadsMin,
      spanMsMin: config.absenceSpanMs,
      unknownMsMax: config.unknownMsMax,
    },
    vainReadsMax: readsOver(config.refundUnreadableMs),
    contradictingReadsMax: Math.max(config.absenceReadsMin, readsOver(config.absenceSpanMs)),
  };
}
