import {
  type BodyFault,
  type CreatePaymentFields,
  converts,
  currencyOfSide,
  moneyOf,
  type Side,
} from './create-payment-fields.ts';
import {
  type Currency,
  explainUnsendableAmount,
  isCurrency,
  type Money,
  parseSendableAmount,
  sumMoney,
} from './money.ts';
import type { PaymentTypeRule } from './payment-types.ts';

/** At least one amount of the payment, each with its currency, and both equal where the currency is the same. */
export function* amountFaults(body: CreatePaymentFields): Generator<BodyFault> {
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
): Generator<BodyFault> {
  if (amount === undefined) return;
  if (amountCurrency === undefined) {
    yield { path: [currencyName], message: `is missing: ${amountName} needs its currency` };
    return;
  }
  const reason = explainUnsendableAmount(amount, amountCurrency);
  if (reason) yield { path: [amountName], message: reason };
}

/** `product` says the two currencies once more: `purchaseCurrency:currency`. */
export function* productFaults(body: CreatePaymentFields): Generator<BodyFault> {
  const [paid, received] = [currencyOfSide(body, 'origins'), currencyOfSide(body, 'destinations')];
  if (!paid || !received) return;
  const expected = `${paid}:${received}`;
  if (body.product !== expected) {
    yield { path: ['product'], message: `must be "${expected}", that is purchaseCurrency:currency` };
  }
}

/**
 * Node arithmetic: alone on its side a node may leave its amount out and then means the whole; several nodes
 * all state theirs and sum to the amount of the payment in the side's currency.
 */
export function* sumFaults(
  body: CreatePaymentFields,
  side: Side,
  { amountsRequired }: PaymentTypeRule,
): Generator<BodyFault> {
  const nodes = body[side];
  const amounts: Money[] = [];
  for (const [index, node] of nodes.entries()) {
    const path = [side, index, 'amount'];
    if (node.amount === undefined) {
      if (amountsRequired || nodes.length > 1)
        yield { path, message: 'is missing: every node here states its amount' };
    } else if (isCurrency(node.currency)) {
      const reason = explainUnsendableAmount(node.amount, node.currency);
      if (reason) yield { path, message: reason };
      else amounts.push(parseSendableAmount(node.amount, node.currency));
    }
  }
  if (amounts.length === nodes.length) yield* wholeFaults(body, side, amounts);
}

function* wholeFaults(
  body: CreatePaymentFields,
  side: Side,
  amounts: readonly Money[],
): Generator<BodyFault> {
  const name = nameOfWhole(body, side);
  if (body[name] === undefined) {
    // A node alone on its side states the whole itself; what several should sum to must be said.
    if (amounts.length > 1) yield { path: [name], message: `is missing: the ${side} must sum to it` };
    return;
  }
  const whole = moneyOf(body[name], name === 'totalAmount' ? body.currency : body.purchaseCurrency);
  if (!whole || amounts.some(({ currency }) => currency !== whole.currency)) return;
  if (sumMoney(amounts, whole.currency).minor !== whole.minor) {
    const path = amounts.length === 1 ? [side, 0, 'amount'] : [side];
    yield { path, message: `must sum to ${name} (${body[name]} ${whole.currency})` };
  }
}

/** The amount a side sums to: its own when the payment converts, else whichever is given. */
function nameOfWhole(body: CreatePaymentFields, side: Side): 'purchaseAmount' | 'totalAmount' {
  if (converts(body)) return side === 'origins' ? 'purchaseAmount' : 'totalAmount';
  return body.purchaseAmount === undefined ? 'totalAmount' : 'purchaseAmount';
}
