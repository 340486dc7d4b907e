/**
 * The life of a command. `accepted → executing → succeeded | rejected | parked | canceled`, with `blocked`
 * while an earlier command of the same payment is open and `unresolved` while an attempt's outcome is unknown.
 */
export const COMMAND_STATUSES = {
  /** Committed and waiting for a capturer. */
  accepted: { ended: false },
  /** An earlier command of the same payment is open; becomes `accepted` when that one ends. */
  blocked: { ended: false },
  /** A capturer works on it, or it waits between two tries or for a review. */
  executing: { ended: false },
  /** An attempt may or may not have had its effect; only reads are made until that is known. */
  unresolved: { ended: false },
  /** Conomy took every step. Whether the money is final is said by the payment. */
  succeeded: { ended: true },
  /** It will not happen: refused by Conomy or impossible for a stated reason. */
  rejected: { ended: true },
  /** Out of safe moves; a person decides. Still open: later commands of the payment stay blocked. */
  parked: { ended: false },
  /** Not begun by its deadline, or canceled before a byte left. */
  canceled: { ended: true },
} as const satisfies Record<string, { ended: boolean }>;

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
