import { COMMAND_PROBLEMS, type CommandProblemCode } from '@capstan/shared/domain/command-problems';
import { createRandom } from '../demo/random.ts';
import { drawIntents, type Intent, type PossibleEnd } from './intents.ts';

/** What callers append to their ids: blanks that a provider trims, letters that it composes. None ends another's id. */
const ENDINGS = ['-order', '-order ', '-cafe\u0301'] as const;

const CREATES = ['payment.create', 'payment-attempt.create'];
const REFUNDS = ['payment.refund'];

/** The reasons that only commands of these types can be parked for. */
const PARKED_ONLY: Readonly<Partial<Record<CommandProblemCode, readonly string[]>>> = {
  conflict_without_payment: CREATES,
  scan_too_long: CREATES,
  document_unresolved: ['payment.submit-document'],
  refund_not_countable: REFUNDS,
  refund_unresolved: REFUNDS,
  refunds_unreadable: REFUNDS,
  // Capstan failed at it by itself: whatever a provider says, that is a defect.
  unreadable: [],
};

/** Whatever a provider says or does, a command may be parked with a reason for that: then a person was told. */
function parkedEnds(type: string): PossibleEnd[] {
  return (Object.keys(COMMAND_PROBLEMS) as CommandProblemCode[])
    .filter((code) => (COMMAND_PROBLEMS[code].statuses as readonly string[]).includes('parked'))
    .filter((code) => PARKED_ONLY[code]?.includes(type) ?? true)
    .map((code) => `parked:${code}`);
}

/** Others may have given back what a refund asks for, and a payment may be of another currency than asked. */
const REFUND_ENDS: readonly PossibleEnd[] = [
  'rejected:refund_exceeds_refundable',
  'rejected:refund_currency_differs',
];

/** The intents of a run as its provider meets them: ids that are not kept as sent, and the ends that its faults add. */
export function drawWorkload(size: Parameters<typeof drawIntents>[0]): Intent[] {
  const random = createRandom(size.seed ^ 0x1d5);
  return drawIntents(size).map((intent) => {
    const externalId = `${intent.externalId}${random.pick(ENDINGS)}`;
    return {
      ...intent,
      externalId,
      commands: intent.commands.map((intended) => ({
        ...intended,
        ends: [...intended.ends, ...endsOf(String(intended.command.type))],
        command: { ...intended.command, payment: { ...(intended.command.payment as object), externalId } },
      })),
    };
  });
}

function endsOf(type: string): PossibleEnd[] {
  return [...parkedEnds(type), ...(REFUNDS.includes(type) ? REFUND_ENDS : [])];
}
