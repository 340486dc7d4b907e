import type { CreatePaymentBody } from '@capstan/shared/domain/create-payment-body';
import { readReceivedAmount } from '@capstan/shared/domain/money';
import { type ContentFault, toPointer } from '@capstan/shared/domain/problem';
import { RAILS, requiredPaths } from '@capstan/shared/domain/rails';
import type { AvailableProduct } from '@capstan/shared/provider/payment-provider';

type Side = 'origins' | 'destinations';
type Node = CreatePaymentBody[Side][number];

const DIRECTIONS = { origins: 'payin', destinations: 'payout' } as const;
const RAIL_DIRECTIONS = { origins: 'in', destinations: 'out' } as const;

/**
 * What the provider's own rules say against a create: required fields, the node types on the other side, the least
 * and the most amount. Pure. A rail for which the provider states no product of this body's kind has no rule here;
 * whether it may be used is then for the provider to say. Where several products fit, satisfying one is enough.
 */
export function findProductFaults(
  body: CreatePaymentBody,
  products: readonly AvailableProduct[],
): ContentFault[] {
  return (['origins', 'destinations'] as const).flatMap((side) =>
    body[side].flatMap((node, index) => {
      const rules = products.filter((product) => applies(product, body, side, node));
      const faults = rules.map((rule) => [...faultsOfNode(rule, body, side, index)]);
      return faults.some((found) => found.length === 0) ? [] : (faults[0] ?? []);
    }),
  );
}

function applies(product: AvailableProduct, body: CreatePaymentBody, side: Side, node: Node): boolean {
  return (
    product.direction === DIRECTIONS[side] &&
    product.rail === node.type &&
    product.currency === node.currency &&
    product.product === body.product
  );
}

function* faultsOfNode(
  rule: AvailableProduct,
  body: CreatePaymentBody,
  side: Side,
  index: number,
): Generator<ContentFault> {
  const node = body[side][index] as Node;
  for (const field of rule.requiredFields) yield* missingFieldFaults(rule, body, side, index, field);
  yield* otherSideFaults(rule, body, side);
  const path = toPointer(['payment', ...placeOfAmount(body, side, index)]);
  for (const message of limitFaults(rule, amountOf(body, side, node))) yield { path, message };
}

function* missingFieldFaults(
  rule: AvailableProduct,
  body: CreatePaymentBody,
  side: Side,
  index: number,
  field: string,
): Generator<ContentFault> {
  const node = body[side][index] as Node;
  const { key } = RAILS[node.type];
  const inside = (node as unknown as Record<string, unknown>)[key];
  const choices = requiredPaths(node.type, RAIL_DIRECTIONS[side]).find((paths) => paths.includes(field));
  // Paths start at the node. Some documents place `customer` beside the rail object and some in it, of some
  // fields two places are documented, and what belongs to the whole payment stands at the top.
  const places = (choices ?? [field]).map(toSteps);
  if (places.some((steps) => [node, inside, body].some((start) => isGiven(valueAt(start, steps))))) return;
  const steps = toSteps(field);
  const isInside = valueAt(inside, steps.slice(0, 1)) !== undefined;
  yield {
    path: toPointer(['payment', side, index, ...(isInside ? [key] : []), ...steps]),
    message: `is missing: the provider's requiredFields for ${describe(rule)} name ${field}`,
  };
}

function* otherSideFaults(
  rule: AvailableProduct,
  body: CreatePaymentBody,
  side: Side,
): Generator<ContentFault> {
  const other = side === 'origins' ? 'destinations' : 'origins';
  const name = side === 'origins' ? 'validDestinations' : 'validOrigins';
  const valid = rule[name];
  if (valid === undefined || valid.length === 0) return;
  for (const [index, { type }] of body[other].entries()) {
    if (valid.includes(type)) continue;
    yield {
      path: toPointer(['payment', other, index, 'type']),
      message: `must be one of ${valid.join(', ')}: the provider's ${name} for ${describe(rule)}`,
    };
  }
}

/** Limits that cannot be read bind nobody; a maximum of 0 is how the provider writes "none". */
function* limitFaults(rule: AvailableProduct, amount: string | undefined): Generator<string> {
  const { currency, minAmount, maxAmount } = rule;
  const sent = minorOf(amount, currency);
  const least = minorOf(minAmount, currency);
  const most = minorOf(maxAmount, currency);
  if (sent === null) return;
  if (least !== null && sent < least) {
    yield `must be at least ${minAmount} ${currency}: the provider's minAmount for ${describe(rule)}`;
  }
  if (most !== null && most > 0n && sent > most) {
    yield `must be at most ${maxAmount} ${currency}: the provider's maxAmount for ${describe(rule)}`;
  }
}

/** Where the amount that counts for a node was written: on the node, else on the payment. */
function placeOfAmount(body: CreatePaymentBody, side: Side, index: number): (string | number)[] {
  const node = body[side][index] as Node;
  return node.amount === undefined ? [wholeOf(body, side, node)] : [side, index, 'amount'];
}

function amountOf(body: CreatePaymentBody, side: Side, node: Node): string | undefined {
  return node.amount ?? body[wholeOf(body, side, node)];
}

/** A node without an amount means the whole of its side, in the side's currency. */
function wholeOf(body: CreatePaymentBody, side: Side, node: Node): 'purchaseAmount' | 'totalAmount' {
  const isPurchase = body.purchaseAmount !== undefined && body.purchaseCurrency === node.currency;
  const isTotal = body.totalAmount !== undefined && body.currency === node.currency;
  if (side === 'origins') return isPurchase || !isTotal ? 'purchaseAmount' : 'totalAmount';
  return isTotal || !isPurchase ? 'totalAmount' : 'purchaseAmount';
}

function minorOf(amount: string | undefined, currency: string): bigint | null {
  const read = readReceivedAmount(amount, currency);
  return read.exact ? read.money.minor : null;
}

function valueAt(start: unknown, steps: readonly string[]): unknown {
  let value = start;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** `destinations[0].account` and `destinations.0.account` alike. */
function toSteps(path: string): string[] {
  return path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function describe({ rail, direction, product }: AvailableProduct): string {
  return `${rail} ${direction === 'payin' ? 'pay-ins' : 'pay-outs'} in ${product}`;
}
