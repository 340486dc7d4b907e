import type { LockedPayment } from '../db/payments.ts';
import {
  type ComparedField,
  type Comparison,
  type Contradiction,
  compareWithCreate,
  convertsFreely,
  isTotalExplained,
  namesEnough,
  type ToldPayment,
} from '../domain/bound-means-equal.ts';
import { readReceivedAmount } from '../domain/money.ts';
import type { ObservedFacts } from './observe-payment.ts';

/** What an observation says of whether the payment is the one that was asked for, and of its amount. */
export interface ComparedObservation {
  /** In what it contradicts the create; empty where no create of ours made the payment. */
  differs: readonly Contradiction[];
  /** It is told of another payment: of another externalId, account or type. */
  isAnother: boolean;
  /** Another amount or currency than the mirror holds or, where it does not know yet, than was accepted. */
  amountDiffers: boolean;
  /** It named all that binds the payment, and that is what was asked for. */
  isCompared: boolean;
}

const MONEY: ReadonlySet<ComparedField> = new Set([
  'purchaseAmount',
  'purchaseCurrency',
  'totalAmount',
  'currency',
]);

/** Compares an observation with the accepted body of the payment and with its mirror (design: bound means equal, law 5). */
export function compareObservation(
  payment: Pick<LockedPayment, 'asked' | 'snapshot' | 'status' | 'isCompared'>,
  facts: ObservedFacts,
): ComparedObservation {
  const { asked } = payment;
  const told: ToldPayment = { ...facts, raw: facts.snapshot ?? {} };
  if (asked === null) {
    return {
      differs: [],
      isAnother: false,
      amountDiffers: differsUnasked(payment, facts),
      isCompared: false,
    };
  }
  const comparison = compareWithCreate(asked, told);
  const differs = comparison.verdict === 'contradicts' ? comparison.fields : [];
  const isExplained = isTotalExplained(asked, told);
  return {
    differs,
    isAnother: differs.some(({ field }) => !MONEY.has(field)),
    amountDiffers:
      differs.some(({ field }) => MONEY.has(field)) || totalDiffers(payment, facts, { asked, isExplained }),
    isCompared: isComparedBy(facts, comparison, isExplained),
  };
}

/** What a whole read lacks counts as agreeing; an answer must name what binds, and a delivery tells too little. */
function isComparedBy({ source }: ObservedFacts, comparison: Comparison, isExplained: boolean): boolean {
  if (source === 'delivery') return false;
  return source === 'answer' ? namesEnough(comparison) && isExplained : comparison.verdict !== 'contradicts';
}

function totalDiffers(
  { snapshot, isCompared }: Pick<LockedPayment, 'snapshot' | 'isCompared'>,
  facts: ObservedFacts,
  { asked, isExplained }: { asked: NonNullable<LockedPayment['asked']>; isExplained: boolean },
): boolean {
  const mirrorDiffers = differsFromMirror(snapshot, facts);
  const knowsTotal = isCompared && snapshot.totalAmount !== undefined;
  switch (facts.source) {
    case 'read':
    case 'operator':
      return !isExplained || (convertsFreely(asked) && mirrorDiffers);
    case 'answer':
      return knowsTotal ? mirrorDiffers : !isExplained;
    case 'delivery':
      return mirrorDiffers || !(knowsTotal || isExplained);
  }
}

/** Of a payment that nobody asked for the mirror alone tells; its first word may take off the fees it lists. */
function differsUnasked(
  { snapshot, status }: Pick<LockedPayment, 'snapshot' | 'status'>,
  facts: ObservedFacts,
): boolean {
  const fees = facts.snapshot?.fees;
  const isRead = facts.source === 'read' || facts.source === 'operator';
  const isAfterFees = isRead && status === null && Array.isArray(fees) && fees.length > 0;
  return !isAfterFees && differsFromMirror(snapshot, facts);
}

/** Whether the total or its currency is another than the mirror holds, by value. */
function differsFromMirror(snapshot: Record<string, unknown>, told: ObservedFacts): boolean {
  const { totalAmount, currency } = told;
  if (isOther(snapshot.currency, currency)) return true;
  if (totalAmount === undefined || snapshot.totalAmount === undefined) return false;
  const mirrored = readReceivedAmount(snapshot.totalAmount, snapshot.currency ?? currency);
  const read = readReceivedAmount(totalAmount, currency ?? snapshot.currency);
  if (!mirrored.exact || !read.exact) return String(totalAmount) !== String(snapshot.totalAmount);
  return mirrored.money.minor !== read.money.minor;
}

function isOther(mirrored: unknown, told: string | undefined): boolean {
  return typeof mirrored === 'string' && told !== undefined && mirrored !== told;
}
