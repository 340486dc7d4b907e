/**
 * Every way in which the mirror and Conomy can disagree, or Conomy with itself: what it means, how it comes about, what a
 * person does about it, and what Capstan can do when told to repair it.
 */
export const DISCREPANCIES = {
  final_contradicted: {
    repair: 'take_status',
    title: 'Conomy contradicts a final state',
    cause:
      'A read told another status than the final one the mirror holds. Final states never move by themselves.',
    fix: 'Ask Conomy with the payment id what the payment is. Repair it when Conomy stands by the new status: the mirror then takes what a new read says. Tell whoever acted on the old one.',
  },
  went_back: {
    repair: 'take_status',
    title: 'Conomy went back',
    cause:
      'More than a minute after the mirror entered its state reads over time tell an earlier one, and no review explains it.',
    fix: 'Ask Conomy. Repair it when the earlier status is right. It is explained by itself when a later read agrees with the mirror or is ahead of it.',
  },
  unknown_status: {
    repair: 'read',
    title: 'A status nobody knows',
    cause:
      'A read told a status that no document of Conomy names. The mirror shows it and treats it as open.',
    fix: 'Look it up at Conomy. It is explained by itself when a later read tells a known status. Commands that met it are parked: redrive them then.',
  },
  disputed: {
    repair: 'read',
    title: 'The payment is disputed',
    cause: 'A read told DISPUTED, whose moves no document tells (D28).',
    fix: 'Handle the dispute at Conomy. Nothing automatic happens to the payment but reads; it is explained by itself when a later read tells another state.',
  },
  reversed: {
    repair: 'read',
    title: 'The payment was reversed',
    cause: 'A read told REVERSED, whose moves no document tells (D28).',
    fix: 'Ask Conomy whether the money went back. It is explained by itself when a later read tells another state.',
  },
  amount_differs: {
    repair: null,
    title: 'The amount or currency changed',
    cause:
      'A read told another total or currency than was asked for or told before, and the fees it lists do not explain it. The mirror shows the new one. While it is open no further step of the payment leaves; a command whose step it holds is parked.',
    fix: 'Compare with Conomy and with what was ordered; a fee that Conomy does not list explains it. End it with what you found: the commands it holds then go on by themselves, and the same amount is not told again. Cancel them first when the payment must not go on.',
  },
  inexact_amount: {
    repair: null,
    title: 'An amount that cannot be held',
    cause:
      "Conomy told a total finer than its currency's scale, or in a currency without one here. It is kept as text and never rounded.",
    fix: 'Ask Conomy for the exact amount. Refunds of the payment are parked meanwhile.',
  },
  status_differs: {
    repair: 'read',
    title: 'The list tells another status',
    cause:
      'A comparison found another status in the list of Conomy than in the mirror, and a read did not settle it.',
    fix: 'Repair it to read once more. When list and read go on to disagree, ask Conomy; the read counts.',
  },
  field_differs: {
    repair: 'read',
    title: 'The list tells another field',
    cause:
      'A comparison found another value of a field in the list of Conomy than in the mirror, and a read did not settle it; or a read of the payment told another externalId, account or type than was asked for, so that it moved nothing.',
    fix: 'Repair it to read once more. When list and read go on to disagree, ask Conomy; the read counts, unless it tells another payment than was asked for.',
  },
  missing_here: {
    repair: 'adopt',
    title: 'A payment that is not mirrored',
    cause:
      'Conomy has a payment that no command of ours made: somebody used the dashboard or another client of the same tenant.',
    fix: 'Find out who made it. Repair it to mirror the payment from now on, or accept it.',
  },
  missing_there: {
    repair: 'read',
    title: 'A payment Conomy does not have',
    cause: 'The mirror holds a payment that is in no list of its day, and a read of it is answered with 404.',
    fix: 'Compare credentials and environment with Conomy, then ask with the payment id. Repair it to read once more.',
  },
  twin: {
    repair: null,
    title: 'A second payment under one externalId',
    cause:
      'Conomy has two payments with an externalId of ours: a lost create showed up after all. The second is never captured.',
    fix: 'See at Conomy that the second stays uncaptured and expires, then accept it.',
  },
  twin_moved: {
    repair: null,
    title: 'A second payment under one externalId has moved',
    cause:
      'The second of two payments with an externalId of ours has left CREATED, although Capstan never captures it: somebody else did, or Conomy by itself. The payer may have paid twice.',
    fix: 'Act at once: look at both payments at Conomy and find out who captured the second. Give the money back there if it was paid twice. Then accept it.',
  },
  orphan_delivery: {
    repair: null,
    title: 'A delivery about no payment',
    cause: 'A verified delivery names a payment that is not mirrored, and a read of it is answered with 404.',
    fix: 'Ask Conomy what the payment is; automatic refunds of deposits below the minimum are told like this (D14). Then accept it.',
  },
  overdue: {
    repair: 'read',
    title: 'A payment stands still',
    cause: 'The payment has been in its state for longer than its rail takes.',
    fix: 'Ask Conomy with the payment id. It is explained by itself when the payment moves.',
  },
  over_refunded: {
    repair: null,
    title: 'More was refunded than the payment has',
    cause:
      'The refunds of the payment, ours and those made elsewhere, add up to more than its total. Conomy made them; Capstan recorded them.',
    fix: 'Ask Conomy with the ids of the refunds which of them stand. It is explained by itself when refunds fail and the rest fits; else accept it with what you found.',
  },
  late_refund: {
    repair: null,
    title: 'A refund that was ruled out was made after all',
    cause:
      'A refund command was concluded as not made, and later Conomy showed a new refund of its amount. It is bound to that command, which stays ended.',
    fix: 'Tell whoever acted on the conclusion. If the amount was refunded a second time meanwhile, get one of the two back. Then accept it.',
  },
  write_turned_away: {
    repair: null,
    title: 'Conomy takes no write of a payment',
    cause:
      'For 15 minutes every write of a command was turned away with 429, or could not be sent, and too little else was tried to tell whether this command or Conomy as a whole is the reason.',
    fix: 'Look at the attempts of the command, at the connection to Conomy and at what Conomy says of its own state. It is tried again all the time; the discrepancy is explained by itself when Conomy takes or refuses the write, or the command ends.',
  },
} as const satisfies Record<string, { repair: Repair | null; title: string; cause: string; fix: string }>;

export type DiscrepancyKind = keyof typeof DISCREPANCIES;

/** What Capstan does to repair: take the status a new read tells, read once more, or mirror the payment from now on. */
export type Repair = 'take_status' | 'read' | 'adopt';

/** open → explained | repaired | accepted. */
export const DISCREPANCY_STATUSES = {
  open: 'found, and found again at every look',
  explained: 'not a disagreement any more, or never one; the reason says why',
  repaired: 'the mirror was brought to agreement',
  accepted: 'stays as it is by the word of a person',
} as const;
export type DiscrepancyStatus = keyof typeof DISCREPANCY_STATUSES;

/** What ends by itself once a read tells a state whose moves are documented. */
export const EXPLAINED_BY_A_STATE = [
  'unknown_status',
  'disputed',
  'reversed',
  'went_back',
] as const satisfies readonly DiscrepancyKind[];

/** What ends by itself once a read moves the payment on. */
export const EXPLAINED_BY_A_MOVE = [
  ...EXPLAINED_BY_A_STATE,
  'overdue',
] as const satisfies readonly DiscrepancyKind[];
