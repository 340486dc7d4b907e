import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { type Currency, parseSendableAmount, readReceivedAmount } from '@capstan/shared/domain/money';
import type { ObservedPayment, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import type { Evidence } from './conclude-unknown.ts';
import { inconclusive } from './look-for-effect.ts';

/**
 * Looks for the refund an attempt of unknown outcome may have made: a child of the payment with exactly its amount
 * that was not there before the attempt. `knownIds` are the refunds that were.
 */
export async function lookForRefund(
  provider: PaymentProvider,
  command: ClaimedCommand,
  knownIds: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Evidence> {
  if (command.conomyId === null || command.refund === null)
    throw new Error(`command ${command.id} has nothing to look for`);
  const { amount, currency } = command.refund;
  const listed = await provider.listRefundsOf(command.conomyId, { signal });
  if (!listed.ok) return inconclusive(listed.failure);
  const { refunds, unreadableRows } = listed.value;
  const detail = { rows: refunds.length, unreadableRows };
  const told = { isWhole: unreadableRows === 0, payment: null, detail };
  if (unreadableRows > 0) return { ...told, finding: 'inconclusive' };
  const wantedMinor = parseSendableAmount(amount, currency).minor;
  const fresh = refunds.filter(({ id }) => !knownIds.has(id));
  const matches = fresh.filter((refund) => minorOf(refund, currency) === wantedMinor);
  const [only] = matches;
  if (!only) return { ...told, finding: 'absent' };
  if (matches.length > 1)
    return { ...told, finding: 'ambiguous', detail: { ...detail, ids: matches.map(({ id }) => id) } };
  return { ...told, finding: 'found', payment: only, detail: { ...detail, id: only.id } };
}

/** Rows of the newest listing name the amount `purchaseAmount`. */
function minorOf(refund: ObservedPayment, currency: Currency): bigint | null {
  const amount = readReceivedAmount(refund.totalAmount ?? refund.purchaseAmount, refund.currency ?? currency);
  return amount.exact && amount.money.currency === currency ? amount.money.minor : null;
}
