import {
  type BodyFault,
  type CreatePaymentFields,
  converts,
  currencyOfSide,
  type Side,
} from './create-payment-fields.ts';
import type { PaymentTypeRule } from './payment-types.ts';
import { RAILS } from './rails.ts';

/** As many nodes as the payment type takes on the side, each on a rail that it takes there. */
export function* sideFaults(
  body: CreatePaymentFields,
  side: Side,
  { [side]: rule }: PaymentTypeRule,
): Generator<BodyFault> {
  const nodes = body[side];
  if (nodes.length < rule.min || nodes.length > rule.max) {
    const wanted = rule.min === rule.max ? `exactly ${rule.min}` : `${rule.min} to ${rule.max}`;
    yield { path: [side], message: `must hold ${wanted} node(s) for ${body.type}, not ${nodes.length}` };
  }
  for (const [index, { type }] of nodes.entries()) {
    if (!rule.rails.includes(type)) {
      yield {
        path: [side, index, 'type'],
        message: `must be one of ${rule.rails.join(', ')} for the ${side} of ${body.type}`,
      };
    }
  }
}

/** Every node in the currency of its side, and in one that its rail moves. */
export function* currencyFaults(body: CreatePaymentFields, side: Side): Generator<BodyFault> {
  const expected = currencyOfSide(body, side);
  for (const [index, { type, currency }] of body[side].entries()) {
    const path = [side, index, 'currency'];
    const allowed: readonly string[] | null = RAILS[type].currencies;
    if (expected && currency !== expected) {
      yield { path, message: `must be ${expected}, the currency of this side` };
    } else if (allowed && !allowed.includes(currency)) {
      yield { path, message: `must be ${allowed.join(' or ')} for ${type}` };
    }
  }
}

/** Internal movements stay in one currency. */
export function* conversionFaults(
  body: CreatePaymentFields,
  { singleCurrency }: PaymentTypeRule,
): Generator<BodyFault> {
  if (singleCurrency && converts(body)) {
    yield { path: ['currency'], message: `must equal purchaseCurrency: a ${body.type} moves one currency` };
  }
}

/** Who starts the payment is its receiver, where the payment type wants that. */
export function* initiatorFaults(
  body: CreatePaymentFields,
  { initiatorIsDestination }: PaymentTypeRule,
): Generator<BodyFault> {
  if (!initiatorIsDestination) return;
  const { identity, account } = body.destinations[0] ?? {};
  if (identity && identity.identityId !== body.identityId) {
    yield { path: ['identityId'], message: `must be the destination's identityId for a ${body.type}` };
  }
  if (account && account.accountNumber !== body.accountNumber) {
    yield { path: ['accountNumber'], message: `must be the destination's accountNumber for a ${body.type}` };
  }
}
