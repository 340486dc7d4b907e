/** What a person may say became of a parked command (design: an operator concludes). */
export const PARKED_OUTCOMES = ['made', 'choose', 'not_made', 'give_up'] as const;
export type ParkedOutcome = (typeof PARKED_OUTCOMES)[number];

/** Every reason a command ends without success, or is parked: what it means, how it comes about, what to do. */
export const COMMAND_PROBLEMS = {
  amount_differs: {
    statuses: ['parked'],
    outcomes: ['made', 'give_up'],
    title: 'Conomy names another amount than was asked for',
    cause:
      'Of a create: a whole read named a total that neither the create asked for nor the fees of the payment explain, and no later step leaves while that discrepancy is open. Of a refund: the answer named a refund of the payment of another amount, which is bound to this command and counts as it is.',
    fix: 'Compare with Conomy. Of a create, accept the discrepancy when the amount is right: the command then goes on by itself. Of a refund, ask Conomy whether it stands; no further refund of the payment leaves until this command is concluded.',
  },
  attempts_exhausted: {
    statuses: ['parked'],
    outcomes: ['made', 'give_up'],
    title: 'Five writes of one step failed',
    cause:
      'Conomy could not be reached or put the call off, five times in a row, each time certainly without effect.',
    fix: 'Look at the attempts. When Conomy works again, redrive; or cancel.',
  },
  canceled_by_caller: {
    statuses: ['canceled'],
    title: 'It was canceled',
    cause: 'Somebody called cancel; the detail names the API key and the reason.',
    fix: 'None. Steps that were done before stay done.',
  },
  conflict_without_payment: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made'],
    title: 'Conomy says the payment exists, and it cannot be found',
    cause: 'The create was refused as a duplicate, and no list shows a payment with this externalId.',
    fix: 'Ask Conomy with the traceId of the attempt, then redrive: if new reads show no payment either, the create is sent once more.',
  },
  deadline_passed: {
    statuses: ['canceled'],
    title: 'Nothing of its step was under way at its notAfter instant',
    cause:
      'It waited behind another command, for a pause or for its next try, or Capstan or Conomy was down until then. Steps that were done before stay done.',
    fix: 'If it is still wanted, send it again with a new Idempotency-Key.',
  },
  document_unresolved: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made'],
    title: 'It is not known whether the document was handed in',
    cause:
      'The answer was lost, and another document had been handed in before, or the review ended meanwhile, so that a read cannot tell whether this one was.',
    fix: 'Redrive: the payment is read again and, if that still does not tell, the document is handed in once more. At worst Conomy has two copies of it; no money moves by them.',
  },
  external_id_in_use: {
    statuses: ['rejected'],
    title: 'An older payment at Conomy has this externalId',
    cause: 'Conomy has a payment of that name from before the first try of this command.',
    fix: 'Choose another externalId; name the older payment by its Conomy id.',
  },
  given_up: {
    statuses: ['rejected'],
    title: 'An operator gave it up',
    cause: 'A person concluded the parked command with give_up; the detail names the API key and the reason.',
    fix: 'None. Steps that were done before stay done; nothing is said about money, and no call of it was in doubt.',
  },
  id_unusable: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made', 'give_up'],
    title: 'Conomy named the payment by an id that cannot be asked for',
    cause:
      'An id has 1 to 128 letters, digits and ._~:- and is neither . nor .. (any other could lead a URL to another route of Conomy). The answer to a create or refund told another one, or the command names a payment by one that was accepted by an earlier release. Nothing is bound to it, and nothing more is sent.',
    fix: 'Ask Conomy for the true id and conclude the command as made by it. Or redrive: what was made is looked for in the lists of Conomy, and nothing is sent before.',
  },
  not_made: {
    statuses: ['rejected'],
    title: 'An operator concluded that Conomy did nothing',
    cause:
      'A day after its call could last have been under way, a fresh read showed no effect, and a person ruled it out. It is never sent again.',
    fix: 'Of a refund the amount stays doubtful: conclude the ended command with confirmed_not_made once Conomy has confirmed it. The externalId of a create stays taken: create the payment under another one.',
  },
  outcome_unknown: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made'],
    title: 'Conomy does not tell what became of the call',
    cause:
      'The answer was lost, and Conomy has been answering for UNKNOWN_MS_MAX (2 hours) without showing whether the call had its effect.',
    fix: 'Ask Conomy, then redrive: the payment is read anew, for as long again. Nothing is sent before its absence is established.',
  },
  payment_in_unexpected_status: {
    statuses: ['parked'],
    outcomes: ['made', 'give_up'],
    title: 'The payment is in a status in which the step is not possible',
    cause: 'The status is known and does not come before this step.',
    fix: 'Look at the payment at Conomy, then redrive or cancel.',
  },
  payment_known_under_other_key: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made', 'give_up'],
    title: 'Two of our keys turned out to be one Conomy payment',
    cause: 'The payment was named by its Conomy id in one command and created by another.',
    fix: 'The payment belongs to the key that was accepted first, `duplicateOf` of this one. Send what is still wanted to that payment, then cancel this command.',
  },
  payment_not_found: {
    statuses: ['rejected'],
    title: 'Conomy knows no payment with this id',
    cause: 'The command names a Conomy id that does not exist for this tenant.',
    fix: 'Check the id and the environment (sandbox or production).',
  },
  payment_not_open: {
    statuses: ['rejected'],
    title: 'The payment takes no such step',
    cause:
      'It failed, expired or was otherwise closed before the step, or it is a payment attempt, which moves no money.',
    fix: 'Create a new payment.',
  },
  payment_not_settled: {
    statuses: ['rejected'],
    title: 'Only a settled payment can be refunded',
    cause: 'The payment was read before the refund and was not SETTLED.',
    fix: 'Wait until the payment is SETTLED, then send the refund again with a new Idempotency-Key.',
  },
  payment_unclear: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made', 'give_up'],
    title: 'What Conomy shows neither confirms nor rules out the effect',
    cause:
      'The payment that was answered, found or read differs from the one that was asked for, or lacks what would show that it is the same. Or Conomy has been answering for UNKNOWN_MS_MAX (2 hours) without telling a payment that has to be read before its next step; nothing of that step was sent.',
    fix: 'Look at the reads of the attempt and at Conomy, then redrive.',
  },
  predecessor_failed: {
    statuses: ['rejected'],
    title: 'The payment was never created',
    cause: 'The create this command waited for was rejected or canceled.',
    fix: 'Create the payment again, then repeat this command with a new Idempotency-Key.',
  },
  provider_rejected: {
    statuses: ['rejected'],
    title: 'Conomy refused the call',
    cause: "The answer's status, code, type and traceId are in provider.",
    fix: 'Act on the code of Conomy; send a mended command with a new Idempotency-Key.',
  },
  refund_currency_differs: {
    statuses: ['rejected'],
    title: 'The refund is in another currency than the payment',
    cause: 'A refund is given back in the currency of its payment.',
    fix: 'Send it in the currency of the payment, with a new Idempotency-Key.',
  },
  refund_exceeds_refundable: {
    statuses: ['rejected'],
    title: 'The refund is more than what is left',
    cause: 'Earlier refunds, ours and those made elsewhere, and this one exceed the amount of the payment.',
    fix: 'Refund at most what the detail says is left.',
  },
  refund_not_countable: {
    statuses: ['parked'],
    outcomes: ['give_up'],
    title: 'What was refunded so far cannot be counted exactly',
    cause: 'The payment or one of its refunds has an amount finer than its currency or in another currency.',
    fix: 'Look at the payment at Conomy, then redrive or cancel.',
  },
  refunds_unreadable: {
    statuses: ['parked'],
    outcomes: ['give_up'],
    title: 'The refunds of the payment cannot be read',
    cause:
      'Before a refund all refunds of its payment are read. For 15 minutes in which Conomy answered, the answers did not tell all of them: rows without an id, status, parent or amount, or a list that has no end. Nothing was sent.',
    fix: 'Ask Conomy, then redrive: they are read again before anything is sent. Or cancel.',
  },
  refund_unresolved: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made'],
    title: 'It is not known whether the refund was made',
    cause:
      'The answer was lost, and no new refund that could be this one was found, or several, or only ones of other amounts; the detail says which. It is never sent again.',
    fix: 'Ask Conomy whether it was made, then redrive to have it looked for anew. One that was not made and is still wanted is made at Conomy first, with the same amount.',
  },
  scan_too_long: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made'],
    title: 'The account is too long to be searched for a lost create',
    cause:
      'The answer to the create was lost, and the list of its account came to no end within SCAN_ROWS_MAX rows (1,000,000) or UNKNOWN_MS_MAX (2 hours) of answered reads, or was never told whole.',
    fix: 'Look for the payment at Conomy. One that is there is found by a redrive as soon as a delivery or a list names it; raise the settings for an account that is longer, then redrive.',
  },
  several_payments_found: {
    statuses: ['parked'],
    outcomes: ['choose', 'not_made'],
    title: 'Conomy has several payments with this externalId',
    cause: 'The answer to the create was lost, and more than one payment could be its effect.',
    fix: 'Decide which one counts; the others must never be captured.',
  },
  status_unclear: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made', 'give_up'],
    title: 'The status tells neither that the step was taken nor that it can be',
    cause: 'The payment was read as DISPUTED, REVERSED or in a status that no documentation of Conomy names.',
    fix: 'Ask Conomy what became of the payment, then redrive: it is read again before anything is sent.',
  },
  unreadable: {
    statuses: ['parked'],
    outcomes: ['made', 'not_made', 'give_up'],
    title: 'Working on it failed five times in a row',
    cause:
      'Something about the command, its payment or what Conomy says of it makes Capstan fail, and neither the database nor Conomy is away. The events item.failed and item.unreadable in the log have the fault.',
    fix: 'Tell whoever maintains Capstan, and look at the payment at Conomy; when it is mended, redrive: an attempt of unknown outcome is read before anything is sent.',
  },
} as const satisfies Record<string, Ended | Parked>;

interface Explained {
  title: string;
  cause: string;
  fix: string;
}

interface Ended extends Explained {
  statuses: readonly ('rejected' | 'canceled')[];
}

/** What is left to a person has at least one way out. */
interface Parked extends Explained {
  statuses: readonly ['parked'];
  /** By which an operator may conclude it, as far as its attempts allow. */
  outcomes: readonly [ParkedOutcome, ...ParkedOutcome[]];
}

export type CommandProblemCode = keyof typeof COMMAND_PROBLEMS;

/** By which outcomes a command parked with this code may be concluded; none for a code that ends a command. */
export function outcomesOf(code: CommandProblemCode): readonly ParkedOutcome[] {
  const problem: Ended | Parked = COMMAND_PROBLEMS[code];
  return 'outcomes' in problem ? problem.outcomes : [];
}
