import {
  PAYMENT_TYPES,
  type PaymentType,
  type PaymentTypeRule,
  UNCREATABLE_TYPES,
} from '@capstan/shared/domain/payment-types';
import type { AccountBook } from './account-book.ts';
import { enrichAccountNode, enrichPayIn, withNetAmounts } from './enrich-node.ts';
import { ConomyError } from './errors.ts';
import type { PaymentInstruction } from './payment.ts';
import { type ReadAmounts, readAmounts } from './read-amounts.ts';
import { type Fields, optionalText, requireObject, requireText } from './read-fields.ts';
import { assertOwnedAccount, type ReadSide, readSide } from './read-node.ts';
import type { SandboxSettings } from './settings.ts';

/** What a body is checked against besides itself. */
export interface CreateContext {
  accounts: AccountBook;
  settings: Pick<SandboxSettings, 'fees' | 'limits'>;
  nowMs: number;
}

/** The side whose only account is the payment's own; null when any account of the identity will do. */
const INITIATOR: Record<PaymentType, 'origins' | 'destinations' | null> = {
  TOPUP_ACCOUNT: 'destinations',
  WITHDRAWAL_ACCOUNT: 'origins',
  PURCHASE: null,
  REMITTANCE: 'origins',
  P2P: 'origins',
  COLLECT: 'destinations',
};

/**
 * Checks the body of `POST /payments` by the provider's documents.
 * Throws ConomyError: 12 for what is missing, 11 for what is wrong, 31 for an account the identity does not
 * own, 42 for what cannot be created here, 21 for an amount outside the limits of a rail.
 */
export function readCreateBody(value: unknown, context: CreateContext): PaymentInstruction {
  const body = requireObject(value, 'the body');
  const externalId = requireText(body, 'externalId');
  const identityId = requireText(body, 'identityId');
  const accountNumber = requireText(body, 'accountNumber');
  const type = requirePaymentType(requireText(body, 'type'));
  const amounts = readAmounts(body, type, context.settings.fees);
  assertOneCurrency(type, amounts);
  const own = INITIATOR[type] === 'origins' ? amounts.purchaseCurrency : amounts.currency;
  assertOwnedAccount(context.accounts, accountNumber, identityId, own);
  const sides = readSides(body, PAYMENT_TYPES[type], amounts, context);
  assertInitiator(type, sides, accountNumber);
  const { grossMinor: _, ...kept } = amounts;
  const destinations = withNetAmounts(sides.destinations, amounts);
  return {
    externalId,
    identityId,
    accountNumber,
    type,
    ...kept,
    ...optionalFields(body, context.nowMs),
    origins: sides.origins.nodes.map((node) => enrichPayIn(enrichAccountNode(node), context.nowMs)),
    destinations: destinations.nodes.map(enrichAccountNode),
    debits: sides.origins.postings,
    credits: destinations.postings,
  };
}

function requirePaymentType(type: string): PaymentType {
  if (Object.hasOwn(PAYMENT_TYPES, type)) return type as PaymentType;
  if (Object.hasOwn(UNCREATABLE_TYPES, type)) {
    throw new ConomyError('42', `payments of type ${type} cannot be created`);
  }
  throw new ConomyError('11', `type "${type}" is not a payment type`);
}

function assertOneCurrency(type: PaymentType, { purchaseCurrency, currency, product }: ReadAmounts): void {
  if (!PAYMENT_TYPES[type].singleCurrency || purchaseCurrency === currency) return;
  throw new ConomyError('42', `product ${product} needs an exchange, which ${type} does not have`);
}

interface Sides {
  origins: ReadSide;
  destinations: ReadSide;
}

function readSides(
  body: Fields,
  rule: PaymentTypeRule,
  { purchaseCurrency, currency, purchaseMinor, grossMinor }: ReadAmounts,
  { accounts, settings: { limits } }: CreateContext,
): Sides {
  const { amountsRequired } = rule;
  return {
    origins: readSide(body.origins, {
      name: 'origins',
      direction: 'in',
      rule: rule.origins,
      amountsRequired,
      currency: purchaseCurrency,
      totalMinor: purchaseMinor,
      accounts,
      limits,
    }),
    destinations: readSide(body.destinations, {
      name: 'destinations',
      direction: 'out',
      rule: rule.destinations,
      amountsRequired,
      currency,
      totalMinor: grossMinor,
      accounts,
      limits,
    }),
  };
}

function assertInitiator(type: PaymentType, sides: Sides, accountNumber: string): void {
  const side = INITIATOR[type];
  if (side === null) return;
  const own = sides[side].postings[0]?.accountNumber;
  // A remittance paid in over a rail has no account on its initiator's side.
  if (own === undefined || own === accountNumber) return;
  throw new ConomyError('11', `accountNumber must be that of the ${side} node, ${own}`);
}

function optionalFields(body: Fields, nowMs: number) {
  const expiresAt = optionalText(body, 'expiresAt');
  if (expiresAt !== undefined) assertInstantAhead(expiresAt, nowMs);
  return {
    identityExternalId: optionalText(body, 'identityExternalId'),
    description: optionalText(body, 'description'),
    expiresAt,
  };
}

function assertInstantAhead(expiresAt: string, nowMs: number): void {
  const ms = Date.parse(expiresAt);
  if (Number.isNaN(ms)) throw new ConomyError('11', `expiresAt "${expiresAt}" is not an ISO 8601 instant`);
  if (ms <= nowMs) throw new ConomyError('11', `expiresAt "${expiresAt}" must lie ahead`);
}
