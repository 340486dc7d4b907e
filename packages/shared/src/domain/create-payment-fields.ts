import { z } from 'zod';
import { type Currency, explainUnsendableAmount, type Money, parseSendableAmount } from './money.ts';
import { paymentNode } from './payment-node.ts';
import { explainUncreatableType, PAYMENT_TYPE_NAMES } from './payment-types.ts';
import { currency, text } from './rail-fields.ts';

/** The fields of a create body, each correct by itself; how they must fit together is judged afterwards. */
export const createPaymentFields = z.strictObject({
  externalId: text(200),
  identityId: text(100),
  identityExternalId: text(200).optional(),
  accountNumber: text(100),
  type: z.enum(PAYMENT_TYPE_NAMES, { error: ({ input }) => explainUncreatableType(input) }),
  product: text(20),
  purchaseAmount: z.string('must be a string such as "30000.00"').optional(),
  purchaseCurrency: currency.optional(),
  totalAmount: z.string('must be a string such as "30000.00"').optional(),
  currency: currency.optional(),
  description: text(500).optional(),
  expiresAt: z.iso.datetime({ offset: true, error: 'must be an RFC 3339 instant' }).optional(),
  origins: z.array(paymentNode.in).min(1, 'must hold at least one node'),
  destinations: z.array(paymentNode.out).min(1, 'must hold at least one node'),
});

export type CreatePaymentFields = z.infer<typeof createPaymentFields>;

export type Side = 'origins' | 'destinations';

/** What does not fit, and where in the body. */
export interface BodyFault {
  path: (string | number)[];
  message: string;
}

/** The currency a side's nodes are in: payers pay `purchaseCurrency`, receivers get `currency`. */
export function currencyOfSide(body: CreatePaymentFields, side: Side): Currency | undefined {
  return side === 'origins'
    ? (body.purchaseCurrency ?? body.currency)
    : (body.currency ?? body.purchaseCurrency);
}

/** Whether payers and receivers have different currencies. */
export function converts(body: CreatePaymentFields): boolean {
  return currencyOfSide(body, 'origins') !== currencyOfSide(body, 'destinations');
}

/** An amount with its currency; null when either is missing or the amount cannot be sent. */
export function moneyOf(amount: string | undefined, amountCurrency: Currency | undefined): Money | null {
  if (amount === undefined || amountCurrency === undefined) return null;
  return explainUnsendableAmount(amount, amountCurrency) === null
    ? parseSendableAmount(amount, amountCurrency)
    : null;
}
