import { z } from 'zod';
import {
  CURRENCIES,
  type Currency,
  explainUnsendableAmount,
  isCurrency,
  type Money,
  parseSendableAmount,
  sumMoney,
} from './money.ts';
import { PAYMENT_TYPE_NAMES, PAYMENT_TYPES, type PaymentTypeRule, type SideRule } from './payment-types.ts';
import { type PaymentNode, paymentNode, RAILS } from './rails.ts';

const text = (max: number) =>
  z.string().min(1, 'must not be empty').max(max, `must have at most ${max} characters`);
const currency = z.enum(CURRENCIES, { error: `must be one of ${CURRENCIES.join(', ')}` });

const fields = z.strictObject({
  externalId: text(200),
  identityId: text(100),
  identityExternalId: text(200).optional(),
  accountNumber: text(100),
  type: z.enum(PAYMENT_TYPE_NAMES, { error: `must be one of ${PAYMENT_TYPE_NAMES.join(', ')}` }),
  product: text(20),
  purchaseAmount: z.string('must be a string such as "30000.00"').optional(),
  purchaseCurrency: currency.optional(),
  totalAmount: z.string('must be a string such as "30000.00"').optional(),
  currency: currency.optional(),
  description: text(500).optional(),
  expiresAt: z.iso.datetime({ offset: true, error: 'must be an RFC 3339 instant' }).optional(),
  origins: z.array(paymentNode).min(1, 'must hold at least one node'),
  destinations: z.array(paymentNode).min(1, 'must hold at least one node'),
});

type Fields = z.infer<typeof fields>;

interface Fault {
  path: (string | number)[];
  message: string;
}

/**
 * The body of `POST /payments` as callers give it and as it is sent. Strict: unknown fields, inexact
 * amounts, sums that do not add up and rails that do not fit are refused before anything is written.
 */
export const createPaymentBody = fields.superRefine((body, context) => {
  for (const fault of findFaults(body)) context.addIssue({ code: 'custom', ...fault });
});

export type CreatePaymentBody = z.infer<typeof createPaymentBody>;

function* findFaults(body: Fields): Generator<Fault> {
  const rule: PaymentTypeRule = PAYMENT_TYPES[body.type];
  yield* amountFaults(body);
  yield* productFaults(body);
  yield* sideFaults(body, 'origins', rule.origins);
  yield* sideFaults(body, 'destinations', rule.destinations);
  yield* currencyFaults(body, rule);
  yield* sumFaults(body, 'origins', rule);
  yield* sumFaults(body, 'destinations', rule);
  if (rule.initiatorIsDestination) yield* initiatorFaults(body);
}

function* amountFaults(body: Fields): Generator<Fault> {
  if (body.purchaseAmount === undefined && body.totalAmount === undefined) {
    yield { path: ['purchaseAmount'], message: 'is missing: give purchaseAmount, totalAmount or both' };
  }
  yield* oneAmountFaults('purchaseAmount', body.purchaseAmount, 'purchaseCurrency', body.purchaseCurrency);
  yield* oneAmountFaults('totalAmount', body.totalAmount, 'currency', body.currency);
  const purchase = moneyOf(body.purchaseAmount, body.purchaseCurrency);
  const total = moneyOf(body.totalAmount, body.currency);
  if (purchase && total && purchase.currency === total.currency && purchase.minor !== total.minor) {
    yield {
      path: ['totalAmount'],
      message: `must equal purchaseAmount (${body.purchaseAmount}) in one currency`,
    };
  }
}

function* oneAmountFaults(
  amountName: string,
  amount: string | undefined,
  currencyName: string,
  amountCurrency: Currency | undefined,
): Generator<Fault> {
  if (amount === undefined) return;
  if (amountCurrency === undefined) {
    yield { path: [currencyName], message: `is missing: ${amountName} needs its currency` };
    return;
  }
  const reason = explainUnsendableAmount(amount, amountCurrency);
  if (reason) yield { path: [amountName], message: reason };
}

function* productFaults(body: Fields): Generator<Fault> {
  const purchaseCurrency = body.purchaseCurrency ?? body.currency;
  const totalCurrency = body.currency ?? body.purchaseCurrency;
  if (!purchaseCurrency || !totalCurrency) return;
  const expected = `${purchaseCurrency}:${totalCurrency}`;
  if (body.product !== expected) {
    yield { path: ['product'], message: `must be "${expected}", that is purchaseCurrency:currency` };
  }
}

function* sideFaults(body: Fields, side: 'origins' | 'destinations', rule: SideRule): Generator<Fault> {
  const nodes = body[side];
  if (nodes.length < rule.min || nodes.length > rule.max) {
    const wanted = rule.min === rule.max ? `exactly ${rule.min}` : `${rule.min} to ${rule.max}`;
    yield { path: [side], message: `must hold ${wanted} node(s) for ${body.type}, not ${nodes.length}` };
  }
  for (const [index, node] of nodes.entries()) {
    if (!rule.rails.includes(node.type)) {
      yield {
        path: [side, index, 'type'],
        message: `must be one of ${rule.rails.join(', ')} for the ${side} of ${body.type}`,
      };
    }
  }
}

function* currencyFaults(body: Fields, rule: PaymentTypeRule): Generator<Fault> {
  for (const side of ['origins', 'destinations'] as const) {
    const expected =
      side === 'origins'
        ? (body.purchaseCurrency ?? body.currency)
        : (body.currency ?? body.purchaseCurrency);
    for (const [index, node] of body[side].entries()) {
      const allowed = RAILS[node.type].currencies as readonly string[] | null;
      if (expected && node.currency !== expected) {
        yield { path: [side, index, 'currency'], message: `must be ${expected}, the currency of this side` };
      } else if (allowed && !allowed.includes(node.currency)) {
        yield {
          path: [side, index, 'currency'],
          message: `must be ${allowed.join(' or ')} for ${node.type}`,
        };
      }
    }
  }
  if (
    rule.singleCurrency &&
    body.purchaseCurrency &&
    body.currency &&
    body.purchaseCurrency !== body.currency
  ) {
    yield { path: ['currency'], message: `must equal purchaseCurrency: a ${body.type} moves one currency` };
  }
}

/**
 * Node arithmetic (dossier §8): alone on its side a node may leave its amount out and then means the whole;
 * several nodes all state theirs and sum to the amount of the payment in the side's currency.
 */
function* sumFaults(body: Fields, side: 'origins' | 'destinations', rule: PaymentTypeRule): Generator<Fault> {
  const nodes: readonly PaymentNode[] = body[side];
  const amounts: Money[] = [];
  for (const [index, node] of nodes.entries()) {
    const path = [side, index, 'amount'];
    if (node.amount === undefined) {
      if (rule.amountsRequired || nodes.length > 1)
        yield { path, message: 'is missing: every node here states its amount' };
    } else if (isCurrency(node.currency)) {
      const reason = explainUnsendableAmount(node.amount, node.currency);
      if (reason) yield { path, message: reason };
      else amounts.push(parseSendableAmount(node.amount, node.currency));
    }
  }
  const whole = wholeOfSide(body, side);
  if (!whole || amounts.length !== nodes.length || amounts.some((a) => a.currency !== whole.money.currency))
    return;
  if (sumMoney(amounts, whole.money.currency).minor !== whole.money.minor) {
    const path = nodes.length === 1 ? [side, 0, 'amount'] : [side];
    yield { path, message: `must sum to ${whole.name} (${body[whole.name]} ${whole.money.currency})` };
  }
}

function wholeOfSide(body: Fields, side: 'origins' | 'destinations') {
  const purchase = moneyOf(body.purchaseAmount, body.purchaseCurrency);
  const total = moneyOf(body.totalAmount, body.currency);
  const converts = body.purchaseCurrency && body.currency && body.purchaseCurrency !== body.currency;
  if (purchase && (side === 'origins' || !converts))
    return { name: 'purchaseAmount' as const, money: purchase };
  if (total && (side === 'destinations' || !converts)) return { name: 'totalAmount' as const, money: total };
  return null;
}

function* initiatorFaults(body: Fields): Generator<Fault> {
  const destination: PaymentNode | undefined = body.destinations[0];
  if (
    destination?.identity?.identityId !== undefined &&
    destination.identity.identityId !== body.identityId
  ) {
    yield { path: ['identityId'], message: `must be the destination's identityId for a ${body.type}` };
  }
  if (
    destination?.account?.accountNumber !== undefined &&
    destination.account.accountNumber !== body.accountNumber
  ) {
    yield { path: ['accountNumber'], message: `must be the destination's accountNumber for a ${body.type}` };
  }
}

function moneyOf(amount: string | undefined, amountCurrency: Currency | undefined): Money | null {
  if (amount === undefined || amountCurrency === undefined) return null;
  return explainUnsendableAmount(amount, amountCurrency) === null
    ? parseSendableAmount(amount, amountCurrency)
    : null;
}
