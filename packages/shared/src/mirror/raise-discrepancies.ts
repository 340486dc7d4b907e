import { endDiscrepanciesOf, openDiscrepancy } from '../db/discrepancies.ts';
import { CAPSTAN_ITSELF } from '../db/pauses.ts';
import type { LockedPayment } from '../db/payments.ts';
import type { PoolClient } from '../db/pool.ts';
import {
  DISCREPANCIES,
  type DiscrepancyKind,
  EXPLAINED_BY_A_MOVE,
  EXPLAINED_BY_A_STATE,
} from '../domain/discrepancies.ts';
import type { MirrorMove } from '../domain/mirror-move.ts';
import { readReceivedAmount } from '../domain/money.ts';
import { alarmOfStatus } from '../domain/payment-status.ts';
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
): Promise<DiscrepancyKind[]> {
  if (facts.source !== 'read' && facts.source !== 'operator') return [];
  const raised = findDisagreements(payment, facts, move);
  for (const kind of raised)
    await openDiscrepancy(tx, {
      kind,
      paymentKey: payment.key,
      conomyId: facts.conomyId,
      mirror: { value: sideOf(payment.snapshot, payment.status), readAt: payment.updatedAt },
      provider: { value: sideOf(facts, facts.status), readAt: null },
      cause: DISCREPANCIES[kind].cause,
    });
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

function findDisagreements(
  payment: LockedPayment,
  facts: ObservedFacts,
  move: MirrorMove,
): DiscrepancyKind[] {
  const alarm = 'alarm' in move ? move.alarm : null;
  return [
    ...(alarm === null ? [] : [alarm]),
    ...(amountChanged(payment, facts) ? (['amount_differs'] as const) : []),
    ...(isInexact(facts) ? (['inexact_amount'] as const) : []),
  ];
}

/** Whether the total or its currency is another than the mirror holds, by value. */
export function amountDiffers(snapshot: Record<string, unknown>, told: ObservedFacts): boolean {
  if (told.totalAmount === undefined || snapshot.totalAmount === undefined) return false;
  const mirrored = readReceivedAmount(snapshot.totalAmount, snapshot.currency);
  const read = readReceivedAmount(told.totalAmount, told.currency ?? snapshot.currency);
  if (!mirrored.exact || !read.exact) return told.totalAmount !== snapshot.totalAmount;
  return mirrored.money.minor !== read.money.minor || mirrored.money.currency !== read.money.currency;
}

/** The first word of a payment may take off the fees it lists. */
function amountChanged({ snapshot, status }: LockedPayment, facts: ObservedFacts): boolean {
  const fees = facts.snapshot?.fees;
  const isAfterFees = status === null && Array.isArray(fees) && fees.length > 0;
  return !isAfterFees && amountDiffers(snapshot, facts);
}

function isInexact({ totalAmount, currency, snapshot }: ObservedFacts): boolean {
  return totalAmount !== undefined && currency !== undefined && snapshot !== null
    ? !readReceivedAmount(totalAmount, currency).exact
    : false;
}

function sideOf(
  { totalAmount, currency }: { totalAmount?: unknown; currency?: unknown },
  status: string | null,
): Record<string, unknown> {
  return { status, totalAmount: totalAmount ?? null, currency: currency ?? null };
}
