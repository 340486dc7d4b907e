/**
 * The life of a command. `accepted → executing → succeeded | rejected | parked | canceled`, with `blocked`
 * while an earlier command of the same payment is open and `unresolved` while an attempt's outcome is unknown and no
 * review holds it.
 */
export const COMMAND_STATUSES = {
  accepted: {
    ended: false,
    meaning: 'committed and waiting for a capturer',
  },
  blocked: {
    ended: false,
    meaning: 'an earlier command of the same payment is open; becomes `accepted` when that one ends',
  },
  executing: {
    ended: false,
    meaning: 'a capturer works on it, or it waits between two tries or for a review',
  },
  unresolved: {
    ended: false,
    meaning: 'an attempt may or may not have had its effect; only reads are made until that is known',
  },
  succeeded: {
    ended: true,
    meaning: 'Conomy took every step. Whether the money is final is said by the payment',
  },
  rejected: {
    ended: true,
    meaning: 'it will not happen: refused by Conomy or impossible for a stated reason',
  },
  parked: {
    ended: false,
    meaning: 'out of safe moves; a person decides. Still open: later commands of the payment stay blocked',
  },
  canceled: {
    ended: true,
    meaning: 'nothing of its step was under way at its notAfter instant, or canceled before a byte left',
  },
} as const satisfies Record<string, { ended: boolean; meaning: string }>;

export type CommandStatus = keyof typeof COMMAND_STATUSES;

export function isEnded(status: CommandStatus): boolean {
  return COMMAND_STATUSES[status].ended;
}

/** Why a command that is at work does nothing at the moment. */
export const WAITS_FOR = {
  /** A pause covers its next write. */
  pause: 'a pause to be lifted',
  /** The breaker is open: Conomy fails as a whole. */
  provider: 'Conomy to work again',
  /** Conomy asked for fewer calls. */
  rate: 'its turn under the limited rate',
  /** Conomy reviews the payment. */
  review: 'the review of the payment',
} as const;

export type WaitsFor = keyof typeof WAITS_FOR;
