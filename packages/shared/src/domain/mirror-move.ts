import { isAhead, isAheadThroughReview, isLegalSuccessor, type Lifecycle } from './lifecycle.ts';
import {
  alarmOfStatus,
  isFinalStatus,
  isKnownStatus,
  type PaymentStatus,
  type StatusAlarm,
} from './payment-status.ts';

/**
 * Who says what the status is. A `delivery` is a verified webhook, an `answer` comes back from a call of ours
 * that changed something, a `read` asked for nothing but the state, and `operator` is a read whose answer a person told
 * us to take.
 */
export type ObservationSource = 'delivery' | 'answer' | 'read' | 'operator';

export interface Observation {
  status: string;
  source: ObservationSource;
  /** Another amount or currency than the mirror holds or, where it does not know yet, than was accepted. */
  amountDiffers: boolean;
  /** It is told of another payment than the one that was asked for. */
  isAnother?: boolean;
}

/** What is known of a payment before the observation. */
export interface MirrorState {
  /** The mirror moved after this was asked for, so that which of the two is newer cannot be told. */
  isOvertaken: boolean;
  lifecycle: Lifecycle;
  status: string | null;
  /** The newest status whose moves are documented, where the current one's are not. */
  lastPlaced: string | null;
  /** How long the mirror had had its status when this was asked for, in milliseconds; null: it may have moved since. */
  ageMs: number | null;
}

/** What an observation does to the mirror (law 5). */
export type MirrorMove =
  | { kind: 'unchanged' }
  | { kind: 'moved'; to: string; alarm: StatusAlarm | null }
  /** Not to be believed without asking: read the payment, the read decides. */
  | {
      kind: 'read';
      why:
        | 'final'
        | 'illegal'
        | StatusAlarm
        | 'amount_differs'
        | 'another_payment'
        | 'unknown_payment'
        | 'behind'
        | 'overtaken';
    }
  /** Older than the mirror; nothing to do. */
  | { kind: 'stale' }
  /** The provider contradicts what it said before, and no delay explains it; a person looks. */
  | { kind: 'alarm'; alarm: 'final_contradicted' | 'went_back' | 'field_differs' };

/**
 * Longer than any answer of Conomy may lag behind what it did (30 s at most, as the sandbox plays it, and a call's
 * deadline): a read that still tells an older state is no lag.
 */
export const LAG_MS_MAX = 60_000;

/**
 * Decides, from what the mirror holds and one observation, what happens to the mirror. What was overtaken moves nothing and
 * contradicts nothing: where it would, a new read decides.
 */
export function decideMirrorMove(mirror: MirrorState, observed: Observation): MirrorMove {
  const move = moveBy(mirror, observed);
  const wouldAct = move.kind === 'moved' || move.kind === 'alarm';
  return mirror.isOvertaken && wouldAct ? { kind: 'read', why: 'overtaken' } : move;
}

function moveBy(mirror: MirrorState, observed: Observation): MirrorMove {
  if (observed.isAnother) return refuseAnother(observed.source);
  if (observed.source === 'read') return moveByRead(mirror, observed.status);
  if (observed.source === 'operator') return moveByOperator(mirror, observed.status);
  if (observed.amountDiffers) return { kind: 'read', why: 'amount_differs' };
  if (observed.status === mirror.status) return { kind: 'unchanged' };
  const alarm = alarmOfStatus(observed.status);
  if (alarm !== null) return { kind: 'read', why: alarm };
  if (isFinalStatus(observed.status)) return { kind: 'read', why: 'final' };
  return observed.source === 'answer'
    ? moveByAnswer(mirror, observed.status)
    : moveByDelivery(mirror, observed.status);
}

/** What is told of another payment says nothing of this one; a read of this one's id that does is for a person. */
function refuseAnother(source: ObservationSource): MirrorMove {
  return source === 'read' || source === 'operator'
    ? { kind: 'alarm', alarm: 'field_differs' }
    : { kind: 'read', why: 'another_payment' };
}

/**
 * A read may jump ahead over states that were not seen, but never back: an answer older than the mirror is lag. A status
 * without documented moves is no place to come from, so what counts then is the one before it. A final state cannot be
 * older, since nothing follows it; it is taken even where no documented way leads to it. What cannot be lag any more is
 * either a review that nobody saw, or a provider that went back, which a person must see.
 */
function moveByRead(mirror: MirrorState, status: string): MirrorMove {
  const { lifecycle, status: current, ageMs } = mirror;
  if (status === current) return { kind: 'unchanged' };
  if (isFinalStatus(current)) {
    const isOvertaken = ageMs === null && !isFinalStatus(status);
    return isOvertaken ? { kind: 'stale' } : { kind: 'alarm', alarm: 'final_contradicted' };
  }
  const moved: MirrorMove = { kind: 'moved', to: status, alarm: alarmOfStatus(status) };
  if (moved.alarm !== null || isFinalStatus(status)) return moved;
  const from = placed(current) ?? placed(mirror.lastPlaced);
  const to = placed(status);
  if (from === null || to === null || from === to || isAhead(lifecycle, from, to)) return moved;
  if (ageMs === null || ageMs < LAG_MS_MAX) return { kind: 'stale' };
  return isAheadThroughReview(lifecycle, from, to) ? moved : { kind: 'alarm', alarm: 'went_back' };
}

/** Whether a status lies before the mirror's: what tells it is older than the mirror, or the provider went back. */
export function isBehindMirror(
  { lifecycle, status: current, lastPlaced }: Pick<MirrorState, 'lifecycle' | 'status' | 'lastPlaced'>,
  status: string,
): boolean {
  const to = placed(status);
  if (to === null || isFinalStatus(to)) return false;
  if (isFinalStatus(current)) return true;
  const from = placed(current) ?? placed(lastPlaced);
  return from !== null && from !== to && !isAhead(lifecycle, from, to);
}

/** The only way out of a final state, and back. */
function moveByOperator({ status: current }: MirrorState, status: string): MirrorMove {
  if (status === current) return { kind: 'unchanged' };
  return { kind: 'moved', to: status, alarm: alarmOfStatus(status) };
}

function moveByAnswer({ lifecycle, status: current }: MirrorState, status: string): MirrorMove {
  const moved: MirrorMove = { kind: 'moved', to: status, alarm: null };
  if (current === null) return moved;
  const from = placed(current);
  const to = placed(status);
  return from !== null && to !== null && isAhead(lifecycle, from, to) ? moved : { kind: 'stale' };
}

function moveByDelivery({ lifecycle, status: current }: MirrorState, status: string): MirrorMove {
  if (current === null) return { kind: 'read', why: 'unknown_payment' };
  const from = placed(current);
  const to = placed(status);
  if (from === null || to === null) return { kind: 'read', why: 'illegal' };
  if (isLegalSuccessor(lifecycle, from, to)) return { kind: 'moved', to: status, alarm: null };
  if (isAhead(lifecycle, to, from) && !isAhead(lifecycle, from, to)) return { kind: 'stale' };
  return { kind: 'read', why: 'illegal' };
}

/** A status as a place in the lifecycle; null for one whose moves no document tells. */
function placed(status: string | null): PaymentStatus | null {
  return status !== null && isKnownStatus(status) && alarmOfStatus(status) === null ? status : null;
}
