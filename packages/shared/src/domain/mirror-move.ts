import { isAhead, isFinalStatus, isKnownStatus, isLegalSuccessor } from './payment-status.ts';

/**
 * Who says what the status is. A `delivery` is a verified webhook, an `answer` comes back from a call of ours
 * that changed something, a `read` asked for nothing but the state.
 */
export type ObservationSource = 'delivery' | 'answer' | 'read';

export interface Observation {
  status: string;
  source: ObservationSource;
  /** Another amount or currency than the mirror holds. */
  amountDiffers: boolean;
}

/** What an observation does to the mirror (law 5). */
export type MirrorMove =
  | { kind: 'unchanged' }
  | { kind: 'moved'; to: string; alarm: 'unknown_status' | null }
  /** Not to be believed without asking: read the payment, the read decides. */
  | { kind: 'read'; why: 'final' | 'illegal' | 'unknown_status' | 'amount_differs' | 'unknown_payment' }
  /** Older than the mirror; nothing to do. */
  | { kind: 'stale' }
  /** The provider contradicts a state it called final; a person looks. */
  | { kind: 'alarm'; alarm: 'final_contradicted' };

/**
 * Decides, from the mirror's status and one observation, what happens to the mirror. `lastKnown`: the newest status of the
 * mirror that the documents know, where the current one is none of theirs.
 */
export function decideMirrorMove(
  current: string | null,
  observed: Observation,
  lastKnown: string | null,
): MirrorMove {
  if (observed.source === 'read') return moveByRead(current, observed.status, lastKnown);
  if (observed.amountDiffers) return { kind: 'read', why: 'amount_differs' };
  if (observed.status === current) return { kind: 'unchanged' };
  if (!isKnownStatus(observed.status)) return { kind: 'read', why: 'unknown_status' };
  if (isFinalStatus(observed.status)) return { kind: 'read', why: 'final' };
  return observed.source === 'answer'
    ? moveByAnswer(current, observed.status)
    : moveByDelivery(current, observed.status);
}

/**
 * A read may jump ahead over states that were not seen, but never back: an answer older than the mirror is lag. A status
 * that no document knows is no place to come from, so what counts then is the one before it. A final state cannot be
 * older, since nothing follows it; it is taken even where no documented way leads to it.
 */
function moveByRead(current: string | null, status: string, lastKnown: string | null): MirrorMove {
  if (status === current) return { kind: 'unchanged' };
  if (isFinalStatus(current)) return { kind: 'alarm', alarm: 'final_contradicted' };
  if (!isKnownStatus(status)) return { kind: 'moved', to: status, alarm: 'unknown_status' };
  const from = current === null || isKnownStatus(current) ? current : lastKnown;
  const isNotBehind = from === null || from === status || (isKnownStatus(from) && isAhead(from, status));
  return isNotBehind || isFinalStatus(status)
    ? { kind: 'moved', to: status, alarm: null }
    : { kind: 'stale' };
}

function moveByAnswer(current: string | null, status: string): MirrorMove {
  if (current === null) return { kind: 'moved', to: status, alarm: null };
  if (isFinalStatus(current)) return { kind: 'stale' };
  if (isKnownStatus(current) && isKnownStatus(status) && isAhead(current, status)) {
    return { kind: 'moved', to: status, alarm: null };
  }
  return { kind: 'stale' };
}

function moveByDelivery(current: string | null, status: string): MirrorMove {
  if (current === null) return { kind: 'read', why: 'unknown_payment' };
  if (!isKnownStatus(current) || !isKnownStatus(status)) return { kind: 'read', why: 'illegal' };
  if (isLegalSuccessor(current, status)) return { kind: 'moved', to: status, alarm: null };
  if (isAhead(status, current) && !isAhead(current, status)) return { kind: 'stale' };
  return { kind: 'read', why: 'illegal' };
}
