import { COMMAND_PROBLEMS } from '@capstan/shared/domain/command-problems';
import { createRandom } from '../demo/random.ts';
import type { Intent, PossibleEnd } from './intents.ts';

/** What callers append to their ids: blanks that a provider trims, letters that it composes. None ends another's id. */
const ENDINGS = ['-order', '-order ', '-cafe\u0301'] as const;

/** Whatever an impolite provider says or does, a command may be parked with any reason: then a person was told. */
const PARKED: readonly PossibleEnd[] = Object.keys(COMMAND_PROBLEMS).map((code) => `parked:${code}`);
/** Others may have given back what a refund asks for, and a payment may be of another currency than asked. */
const REFUND_ENDS: readonly PossibleEnd[] = [
  'rejected:refund_exceeds_refundable',
  'rejected:refund_currency_differs',
];

/** The same workload as an impolite provider meets it: ids that are not kept as sent, and more ends that are possible. */
export function impoliteIntents(intents: readonly Intent[], seed: number): Intent[] {
  const random = createRandom(seed ^ 0x1d5);
  return intents.map((intent) => {
    const externalId = `${intent.externalId}${random.pick(ENDINGS)}`;
    return {
      ...intent,
      externalId,
      commands: intent.commands.map((intended) => ({
        ...intended,
        ends: [...intended.ends, ...PARKED, ...(isRefund(intended.command) ? REFUND_ENDS : [])],
        command: { ...intended.command, payment: { ...(intended.command.payment as object), externalId } },
      })),
    };
  });
}

function isRefund({ type }: Record<string, unknown>): boolean {
  return type === 'payment.refund';
}
