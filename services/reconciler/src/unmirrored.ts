import { isCreateRuledOut } from '@capstan/shared/db/attempts';
import { openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { findKeyByConomyId, type PaymentRow } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import { DISCREPANCIES, type DiscrepancyKind } from '@capstan/shared/domain/discrepancies';
import { UNCREATABLE_TYPES } from '@capstan/shared/domain/payment-types';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';

/** A payment that Conomy told and the mirror does not hold. */
export interface Unmirrored {
  told: ObservedPayment;
  /** The live payment of ours with its externalId. */
  namesake: PaymentRow | null;
}

/**
 * - `waiting`: its create is at work here, or its outcome unknown; the capturer binds it.
 * - `twin`: a second payment under an externalId of ours.
 * - `adopt`: mirrored from now on, since Conomy made it or it belongs to a payment of ours.
 * - `missing_here`: somebody else made it; a person decides.
 */
export type Unmirroredness = 'waiting' | 'twin' | 'adopt' | 'missing_here';

export async function judgeUnmirrored(pool: Pool, { told, namesake }: Unmirrored): Promise<Unmirroredness> {
  if (namesake !== null) return (await isAwaited(pool, namesake)) ? 'waiting' : 'twin';
  // Made by Conomy itself, or a refund: mirrored without asking.
  if (Object.hasOwn(UNCREATABLE_TYPES, told.type ?? '')) return 'adopt';
  for (const relative of [told.parentPaymentId, told.raw.relatedPaymentId])
    if (typeof relative === 'string' && (await findKeyByConomyId(pool, relative)) !== null) return 'adopt';
  return 'missing_here';
}

/** What a person has ruled out is not bound any more, and never captured. */
async function isAwaited(pool: Pool, { key, conomyId }: PaymentRow): Promise<boolean> {
  return conomyId === null && !(await isCreateRuledOut(pool, key));
}

/** What both sides say of it. */
export function sidesOf({ told, namesake }: Unmirrored) {
  const { status, externalId, type, totalAmount, currency, createdAt } = told;
  return {
    mirror: namesake === null ? {} : { id: namesake.conomyId, status: namesake.status },
    provider: { status, externalId, type, totalAmount, currency, createdAt },
  };
}

/** In these a twin takes no money: it was never captured, or can no longer be. */
const HARMLESS: ReadonlySet<string> = new Set(['CREATED', 'EXPIRED', 'FAILED']);

/** Opens the discrepancy of a payment that is not mirrored, and of a twin that has moved another one; the id of the first. */
export async function openUnmirrored(
  pool: Pool,
  kind: Extract<DiscrepancyKind, 'twin' | 'missing_here'>,
  unmirrored: Unmirrored,
): Promise<string> {
  const { told, namesake } = unmirrored;
  const { mirror, provider } = sidesOf(unmirrored);
  const open = (of: DiscrepancyKind) =>
    openDiscrepancy(pool, {
      kind: of,
      paymentKey: namesake?.key ?? null,
      conomyId: told.id,
      mirror: { value: mirror, readAt: namesake?.updatedAt ?? new Date() },
      provider: { value: provider, readAt: null },
      cause: DISCREPANCIES[of].cause,
    });
  if (kind === 'twin' && !HARMLESS.has(told.status)) await open('twin_moved');
  return (await open(kind)).id;
}
