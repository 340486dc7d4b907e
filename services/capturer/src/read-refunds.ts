import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { findRefundChildren, type RefundChild } from '@capstan/shared/db/refunds';
import { aboutPayment } from '@capstan/shared/provider/about-payment';
import {
  isWholeList,
  type ObservedPayment,
  type ProviderResult,
  type RefundList,
} from '@capstan/shared/provider/payment-provider';
import type { CapturerContext } from './context.ts';

/**
 * Lists the refunds of a command's payment, whoever made them. Each whose amount or time neither the list nor the mirror
 * tells is read whole; what the whole read lacks too is left out.
 */
export async function readRefunds(
  { provider, pool }: Pick<CapturerContext, 'provider' | 'pool'>,
  { conomyId, paymentKey }: ClaimedCommand,
  signal: AbortSignal,
): Promise<ProviderResult<RefundList>> {
  if (conomyId === null) throw new Error(`the payment ${paymentKey} has no Conomy id whose refunds to list`);
  const listed = await provider.listRefundsOf(conomyId, { signal });
  if (!listed.ok || !isWholeList(listed.value)) return listed;
  const mirrored = new Map(
    (await findRefundChildren(pool, paymentKey)).map((child) => [child.conomyId, child]),
  );
  const refunds: ObservedPayment[] = [];
  for (const row of listed.value.refunds) {
    if (tellsEnough(row, mirrored.get(row.id))) {
      refunds.push(row);
      continue;
    }
    const whole = await aboutPayment(row.id, provider.readPayment(row.id, { signal }));
    if (!whole.ok) return whole;
    if ((whole.value.parentPaymentId ?? conomyId) !== conomyId)
      return { ok: true, value: { ...listed.value, gap: 'parent_differs' } };
    refunds.push({ ...row, ...whole.value });
  }
  return { ok: true, value: { ...listed.value, refunds } };
}

function tellsEnough(row: ObservedPayment, mirrored: RefundChild | undefined): boolean {
  const amount = row.totalAmount ?? row.purchaseAmount ?? mirrored?.totalAmount ?? mirrored?.purchaseAmount;
  return amount != null && (row.createdAt ?? mirrored?.createdAt ?? null) !== null;
}
