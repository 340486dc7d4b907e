import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { aboutPayment } from '@capstan/shared/provider/about-payment';
import type { ObservedPayment, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { compareOwn } from './compare-answer.ts';
import type { Evidence } from './conclude-unknown.ts';
import { showedNothing } from './judge-created.ts';
import { inconclusive } from './look-for-effect.ts';

/** Either the payment, whole and the one that was asked for, or what else the read showed. */
export type OwnRead = { payment: ObservedPayment } | { payment: null; evidence: Evidence };

/** Reads the payment of a command by its id to see what became of an attempt. What a whole read lacks counts as agreeing. */
export async function readOwn(
  provider: PaymentProvider,
  command: ClaimedCommand,
  signal: AbortSignal,
): Promise<OwnRead> {
  const { conomyId } = command;
  if (conomyId === null) throw new Error(`command ${command.id} has no Conomy id to read`);
  const read = await aboutPayment(conomyId, provider.readPayment(conomyId, { signal }));
  if (!read.ok) return { payment: null, evidence: inconclusive(read.failure) };
  const comparison = compareOwn(command, read.value);
  return comparison.verdict === 'contradicts'
    ? { payment: null, evidence: showedNothing('unclear', { id: conomyId, differs: comparison.fields }) }
    : { payment: read.value };
}
