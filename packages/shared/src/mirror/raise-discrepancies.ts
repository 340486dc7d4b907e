import { endDiscrepanciesOf, openDiscrepancy, wasEndedByAPerson } from '../db/discrepancies.ts';
import { CAPSTAN_ITSELF } from '../db/pauses.ts';
import type { LockedPayment } from '../db/payments.ts';
import type { PoolClient } from '../db/pool.ts';
import type { ComparedField } from '../domain/bound-means-equal.ts';
import {
  DISCREPANCIES,
  type DiscrepancyKind,
  EXPLAINED_BY_A_MOVE,
  EXPLAINED_BY_A_STATE,
} from '../domain/discrepancies.ts';
import type { MirrorMove } from '../domain/mirror-move.ts';
import { readReceivedAmount } from '../domain/money.ts';
import { alarmOfStatus } from '../domain/payment-status.ts';
import { withDecimals } from '../domain/plain-decimal.ts';
import type { ComparedObservation } from './compare-observation.ts';
import type { ObservedFacts } from './observe-payment.ts';

/**
 * Records where what was read disagrees with the mirror, and ends what a read explains. What a delivery or an answer says
 * is no evidence: it causes a read where it disagrees.
 * @returns the kinds that were opened or found again.
 */
export async function raiseDiscrepancies(
  tx: PoolClient,
  payment: LockedPayment,
  facts: ObservedFacts,
  move: MirrorMove,
  compared: ComparedObservation,
): Promise<DiscrepancyKind[]> {
  if (facts.source !== 'read' && facts.source !== 'operator') return [];
  const raised: DiscrepancyKind[] = [];
  for (const { kind, field, mirror, provider } of findDisagreements(payment, facts, move, compared)) {
    const of = { kind, paymentKey: payment.key, field: field ?? null };
    if (endsByAPerson(kind) && (await wasEndedByAPerson(tx, of, provider))) continue;
    await openDiscrepancy(tx, {
      ...of,
      conomyId: facts.conomyId,
      mirror: { value: mirror, readAt: payment.updatedAt },
      provider: { value: provider, readAt: null },
      cause: field === undefined ? DISCREPANCIES[kind].cause : ANOTHER_PAYMENT,
    });
    raised.push(kind);
  }
  const agrees = move.kind === 'moved' || move.kind === 'unchanged';
  if (payment.disagrees && agrees && alarmOfStatus(facts.status) === null) {
    const reason = `A later read told ${facts.status}.`;
    const kinds = move.kind === 'moved' ? EXPLAINED_BY_A_MOVE : EXPLAINED_BY_A_STATE;
    await endDiscrepanciesOf(tx, [payment.key], kinds, {
      status: 'explained',
      by: CAPSTAN_ITSELF,
      reason,
    });
  }
  return raised;
}

const ANOTHER_PAYMENT =
  'A read told that the payment under this id is another than the one that was asked for.';

/** What one side says and the other does not; `field` where the payment is another one. */
interface Disagreement {
  kind: DiscrepancyKind;
  field?: ComparedField;
  mirror: Record<string, unknown>;
  provider: Record<string, unknown>;
}

function findDisagreements(
  payment: LockedPayment,
  facts: ObservedFacts,
  move: MirrorMove,
  { differs, isAnother, amountDiffers }: ComparedObservation,
): Disagreement[] {
  if (isAnother) {
    return differs.map(({ field, asked, told }) => ({
      kind: 'field_differs',
      field,
      mirror: { [field]: asked },
      provider: { [field]: told },
    }));
  }
  const alarm = 'alarm' in move ? move.alarm : null;
  const kinds: DiscrepancyKind[] = [
    ...(alarm === null ? [] : [alarm]),
    ...(amountDiffers ? (['amount_differs'] as const) : []),
    ...(isInexact(facts) ? (['inexact_amount'] as const) : []),
  ];
  const mirror = { ...sideOf(payment.snapshot), status: payment.status };
  const provider = { ...sideOf({ ...facts }), status: facts.status };
  return kinds.map((kind) => ({ kind, mirror, provider }));
}

/** What no later read ends: it says the same for ever, and a person's word about it stands. */
function endsByAPerson(kind: DiscrepancyKind): boolean {
  return kind === 'amount_differs' || kind === 'field_differs';
}

function isInexact({ totalAmount, currency, snapshot }: ObservedFacts): boolean {
  return totalAmount !== undefined && currency !== undefined && snapshot !== null
    ? !readReceivedAmount(totalAmount, currency).exact
    : false;
}

function sideOf(fields: Record<string, unknown>): Record<string, unknown> {
  const { totalAmount = null, currency = null, purchaseAmount = null, purchaseCurrency = null } = fields;
  return withDecimals({ totalAmount, currency, purchaseAmount, purchaseCurrency });
}
