import { feesExplain } from './fee-difference.ts';
import { readReceivedAmount } from './money.ts';
import { isSameType } from './payment-types.ts';

/** What was asked for, under Conomy's names: the create body as accepted, and the id where the payment has one. */
export interface AskedPayment {
  id?: string | null;
  externalId?: string | null;
  accountNumber?: string | null;
  type?: string | null;
  purchaseAmount?: string | null;
  purchaseCurrency?: string | null;
  totalAmount?: string | null;
  currency?: string | null;
}

/** What a refund was asked to be. */
export interface AskedRefund {
  parentPaymentId: string;
  amount: string;
  currency: string;
}

/** What an answer, a read, a row of a list or a delivery told of a payment. */
export interface ToldPayment {
  id?: string;
  externalId?: string;
  accountNumber?: string;
  type?: string;
  purchaseAmount?: string;
  purchaseCurrency?: string;
  totalAmount?: string;
  currency?: string;
  parentPaymentId?: string;
  /** The whole as told; its `fees` may explain the total. */
  raw?: Record<string, unknown>;
}

export type ComparedField = Exclude<keyof ToldPayment, 'raw'>;

/** A field in which what was told is not what was asked for. */
export interface Contradiction {
  field: ComparedField;
  asked: string;
  told: string;
}

/** Whether a payment is the one that was asked for. A contradiction outweighs everything that agrees or is missing. */
export type Comparison =
  | { verdict: 'agrees' }
  | { verdict: 'lacks'; fields: ComparedField[] }
  | { verdict: 'contradicts'; fields: Contradiction[] };

/**
 * Compares a payment with the create that may have made it: id, externalId, account, type, and by value what is paid, or
 * what is received where the body named only that. Amounts told without a currency are read in the one asked for.
 */
export function compareWithCreate(asked: AskedPayment, told: ToldPayment): Comparison {
  return conclude([
    textCheck('id', asked.id, told.id),
    textCheck('externalId', asked.externalId, told.externalId),
    textCheck('accountNumber', asked.accountNumber, told.accountNumber),
    typeCheck(asked.type, told.type),
    ...moneyChecks(asked, told),
  ]);
}

/** Compares a payment with the refund that may have made it: a REFUND below that parent, of that amount. */
export function compareWithRefund(asked: AskedRefund, told: ToldPayment): Comparison {
  const { amount, currency } = amountOfRefund(told);
  return conclude([
    textCheck('parentPaymentId', asked.parentPaymentId, told.parentPaymentId),
    typeCheck('REFUND', told.type),
    amountCheck('totalAmount', asked.amount, amount, asked.currency),
    textCheck('currency', asked.currency, currency),
  ]);
}

/** The amount of a refund or of the payment it gives back: its total, else the purchase amount in the same currency. */
export function amountOfRefund(told: ToldPayment): {
  amount: string | undefined;
  currency: string | undefined;
} {
  const { totalAmount, currency, purchaseAmount, purchaseCurrency } = told;
  if (totalAmount !== undefined) return { amount: totalAmount, currency };
  const isOneCurrency = currency === undefined || (purchaseCurrency ?? currency) === currency;
  return { amount: isOneCurrency ? purchaseAmount : undefined, currency: currency ?? purchaseCurrency };
}

/**
 * Whether a payment that was found, and neither answered to our call nor was bound before, may not be taken for ours after
 * a whole read: it contradicts, or lacks what identifies it. What else a whole read lacks counts as agreeing.
 */
export function isUnclearWhenFound(comparison: Comparison): boolean {
  if (comparison.verdict === 'agrees') return false;
  return comparison.verdict === 'contradicts' || comparison.fields.some((field) => IDENTIFYING.has(field));
}

const IDENTIFYING: ReadonlySet<ComparedField> = new Set([
  'externalId',
  'parentPaymentId',
  'purchaseAmount',
  'purchaseCurrency',
  'totalAmount',
  'currency',
]);

/** Whether an answer to our create names all that binds it: only then is it not read whole before a later step. */
export function namesEnough(comparison: Comparison): boolean {
  if (comparison.verdict === 'lacks') return comparison.fields.every((field) => field === 'type');
  return comparison.verdict === 'agrees';
}

/**
 * Whether the total is what the create leads to, where no comparison binds it: the same money as the purchase but for the
 * fees that are listed, or free because the payment converts. One that is not told needs no explanation.
 */
export function isTotalExplained(asked: AskedPayment, told: ToldPayment): boolean {
  const { totalAmount } = told;
  const { purchaseAmount, purchaseCurrency } = asked;
  if (totalAmount === undefined || !purchaseAmount || !purchaseCurrency) return true;
  const received = asked.currency ?? purchaseCurrency;
  if (received !== purchaseCurrency) return true;
  if ((told.currency ?? received) !== received) return false;
  return feesExplain({ purchaseAmount, totalAmount, currency: received }, told.raw?.fees);
}

/** Whether what is received is for Conomy to say: another currency than is paid, and no amount of it asked for. */
export function convertsFreely({ purchaseCurrency, totalAmount, currency }: AskedPayment): boolean {
  return !totalAmount && (currency ?? purchaseCurrency) !== purchaseCurrency;
}

interface Check {
  field: ComparedField;
  asked: string;
  told: string | undefined;
  isEqual: boolean;
  /** Nothing is missing where it is not told. */
  isOptional?: boolean;
}

function conclude(checks: readonly (Check | null)[]): Comparison {
  const made = checks.filter((check) => check !== null);
  const contradictions = made.flatMap(({ field, asked, told, isEqual }): Contradiction[] =>
    told === undefined || isEqual ? [] : [{ field, asked, told }],
  );
  if (contradictions.length > 0) return { verdict: 'contradicts', fields: contradictions };
  const fields = made.filter(({ told, isOptional }) => told === undefined && !isOptional);
  return fields.length === 0
    ? { verdict: 'agrees' }
    : { verdict: 'lacks', fields: fields.map(({ field }) => field) };
}

/** What is paid, else what is received; the other currency too, and the total where it was given in that. */
function moneyChecks(asked: AskedPayment, told: ToldPayment): (Check | null)[] {
  const purchase = [
    amountCheck('purchaseAmount', asked.purchaseAmount, told.purchaseAmount, asked.purchaseCurrency),
    textCheck('purchaseCurrency', asked.purchaseCurrency, told.purchaseCurrency),
  ];
  const total = [
    amountCheck('totalAmount', asked.totalAmount, told.totalAmount, asked.currency),
    textCheck('currency', asked.currency, told.currency),
  ];
  if (!asked.purchaseAmount) return [...total, ...purchase.map(optional)];
  // In one currency the total is the purchase but for the fees: see isTotalExplained.
  if (!asked.totalAmount || asked.currency === asked.purchaseCurrency)
    return [...purchase, optional(total[1] ?? null)];
  return [...purchase, ...total];
}

function optional(check: Check | null): Check | null {
  return check && { ...check, isOptional: true };
}

function textCheck(
  field: ComparedField,
  asked: string | null | undefined,
  told: string | undefined,
): Check | null {
  return asked == null ? null : { field, asked, told, isEqual: asked === told };
}

function typeCheck(asked: string | null | undefined, told: string | undefined): Check | null {
  const check = textCheck('type', asked, told);
  return check && { ...check, isEqual: told !== undefined && isSameType(check.asked, told) };
}

function amountCheck(
  field: ComparedField,
  asked: string | null | undefined,
  told: string | undefined,
  currency: string | null | undefined,
): Check | null {
  const check = textCheck(field, asked, told);
  return check && { ...check, isEqual: isSameAmount(check.asked, told, currency) };
}

/** By value in one currency; an amount that cannot be held exactly equals nothing. */
function isSameAmount(asked: string, told: string | undefined, currency: string | null | undefined): boolean {
  const [ours, theirs] = [readReceivedAmount(asked, currency), readReceivedAmount(told, currency)];
  return ours.exact && theirs.exact && ours.money.minor === theirs.money.minor;
}
