import { type Currency, explainUnsendableAmount, parseSendableAmount } from '@capstan/shared/domain/money';
import type { AccountBook, Posting } from './account-book.ts';
import { ConomyError } from './errors.ts';
import type { PaymentNode } from './payment.ts';
import type { SideRule } from './payment-types.ts';
import { findRail, RAIL_KEYS, type Rail } from './rails.ts';
import { type Fields, fieldAt, missing, optionalText, requireObject, requireText } from './read-fields.ts';

/** One side of a payment, checked: its nodes as sent, and what they mean for accounts. */
export interface ReadSide {
  nodes: PaymentNode[];
  postings: readonly Posting[];
}

/** What the nodes of a side are checked against. */
export interface SideContext {
  /** `origins` or `destinations`. */
  name: string;
  rule: SideRule;
  currency: Currency;
  /** What the side must add up to, in minor units. */
  totalMinor: bigint;
  accounts: AccountBook;
}

/** Throws ConomyError naming the first node field that is wrong. */
export function readSide(value: unknown, context: SideContext): ReadSide {
  const { name, rule } = context;
  if (value === undefined) throw missing(name);
  if (!Array.isArray(value)) throw new ConomyError('11', `${name} must be an array`);
  if (value.length === 0) throw new ConomyError('11', `${name} must have at least one node`);
  if (value.length > rule.countMax) {
    throw new ConomyError('11', `${name} must have at most ${rule.countMax} node for this type`);
  }
  const amountRequired = rule.amountRequired || value.length > 1;
  const read = value.map((node, index) => readNode(node, `${name}[${index}]`, amountRequired, context));
  assertSum(read, context);
  return { nodes: read.map(({ node }) => node), postings: read.flatMap(({ posting }) => posting ?? []) };
}

interface ReadNode {
  node: PaymentNode;
  minor: bigint;
  posting: Posting | null;
}

function readNode(value: unknown, at: string, amountRequired: boolean, context: SideContext): ReadNode {
  const node = requireObject(value, at);
  const type = requireText(node, 'type', `${at}.`);
  const rail = findRail(type);
  if (!rail) throw new ConomyError('11', `${at}.type "${type}" is not a node type`);
  assertSide(type, rail, at, context.rule);
  assertCurrency(node, type, rail, at, context.currency);
  const own = readRailObject(node, rail, at);
  const minor = readNodeAmount(node, at, amountRequired, context);
  if (type !== 'ACCOUNT') {
    assertRailFields(own, rail, `${at}.${rail.key}.`);
    return { node, minor, posting: null };
  }
  return { node, minor, posting: { accountNumber: readAccountNode(node, at, context), minor } };
}

function assertSide(type: string, rail: Rail, at: string, rule: SideRule): void {
  const fits = rule.nodes === 'account' ? type === 'ACCOUNT' : rail.payIn;
  if (fits) return;
  const wanted = rule.nodes === 'account' ? 'ACCOUNT' : 'a pay-in rail';
  throw new ConomyError('11', `${at}.type must be ${wanted} for this payment type, not ${type}`);
}

function assertCurrency(node: Fields, type: string, rail: Rail, at: string, currency: Currency): void {
  const own = requireText(node, 'currency', `${at}.`);
  if (own !== currency) throw new ConomyError('11', `${at}.currency must be ${currency}, not ${own}`);
  if (rail.currencies && !rail.currencies.includes(own)) {
    throw new ConomyError('11', `${at}: ${type} serves ${rail.currencies.join(', ')}, not ${own}`);
  }
}

function readRailObject(node: Fields, rail: Rail, at: string): Fields {
  const keys = Object.keys(node).filter((key) => RAIL_KEYS.has(key));
  if (keys.length === 0) throw missing(`${at}.${rail.key}`);
  if (keys.length > 1 || keys[0] !== rail.key) {
    throw new ConomyError(
      '11',
      `${at} must have exactly one rail object, ${rail.key}, not ${keys.join(' and ')}`,
    );
  }
  return requireObject(node[rail.key], `${at}.${rail.key}`);
}

function assertRailFields(own: Fields, rail: Rail, at: string): void {
  for (const path of rail.required ?? []) {
    const value = fieldAt(own, path);
    if (value === undefined || value === null || value === '') throw missing(at + path);
  }
}

function readNodeAmount(node: Fields, at: string, required: boolean, context: SideContext): bigint {
  const text = optionalText(node, 'amount', `${at}.`);
  if (text === undefined) {
    if (required) throw missing(`${at}.amount`);
    return context.totalMinor;
  }
  return readAmount(text, `${at}.amount`, context.currency);
}

/** An amount in minor units. Throws ConomyError 11 when it is not a positive decimal within the currency's scale. */
export function readAmount(text: string, name: string, currency: Currency): bigint {
  const reason = explainUnsendableAmount(text, currency);
  if (reason !== null) throw new ConomyError('11', `${name} "${text}" ${reason}`);
  return parseSendableAmount(text, currency).minor;
}

function readAccountNode(node: Fields, at: string, { accounts, currency }: SideContext): string {
  const accountNumber = requireText(node, 'account.accountNumber', `${at}.`);
  const identityId = requireText(node, 'identity.identityId', `${at}.`);
  assertOwnedAccount(accounts, accountNumber, identityId, currency);
  return accountNumber;
}

/** Throws ConomyError 31 when the identity owns no such account, 11 when its currency is another. */
export function assertOwnedAccount(
  accounts: AccountBook,
  accountNumber: string,
  identityId: string,
  currency: Currency,
): void {
  const account = accounts.find(accountNumber);
  if (!account || account.identityId !== identityId) {
    throw new ConomyError('31', `account ${accountNumber} of identity ${identityId} does not exist`);
  }
  if (account.currency !== currency) {
    throw new ConomyError('11', `account ${accountNumber} is in ${account.currency}, not in ${currency}`);
  }
}

function assertSum(read: readonly ReadNode[], { name, totalMinor }: SideContext): void {
  const sum = read.reduce((total, { minor }) => total + minor, 0n);
  if (sum !== totalMinor) throw new ConomyError('11', `the amounts of ${name} must add up to purchaseAmount`);
}
