import type { Currency } from '@capstan/shared/domain/money';
import type { SideRule } from '@capstan/shared/domain/payment-types';
import {
  type Direction,
  RAIL_TYPES,
  RAILS,
  type Rail,
  type RailType,
  requiredPaths,
} from '@capstan/shared/domain/rails';
import type { AccountBook, Posting } from './account-book.ts';
import { ConomyError } from './errors.ts';
import type { PaymentNode } from './payment.ts';
import { readAmount } from './read-amount.ts';
import { type Fields, fieldAt, missing, optionalText, requireObject, requireText } from './read-fields.ts';
import type { RailLimits } from './settings.ts';

/** One side of a payment, checked: its nodes as sent, and what they mean for accounts. */
export interface ReadSide {
  nodes: PaymentNode[];
  /** The amount of each node, in minor units. */
  minors: readonly bigint[];
  postings: readonly Posting[];
}

/** What the nodes of a side are checked against. */
export interface SideContext {
  name: 'origins' | 'destinations';
  direction: Direction;
  rule: SideRule;
  /** Whether a node alone on its side must carry its amount too. */
  amountsRequired: boolean;
  currency: Currency;
  /** What the side must add up to, in minor units. */
  totalMinor: bigint;
  accounts: AccountBook;
  limits: Readonly<Record<string, RailLimits>>;
}

/** Every key that may hold a rail object: a node has exactly one of them. */
const RAIL_KEYS: ReadonlySet<string> = new Set(Object.values(RAILS).map(({ key }) => key));

/** Throws ConomyError naming the first node field that is wrong. */
export function readSide(value: unknown, context: SideContext): ReadSide {
  const { name, rule } = context;
  if (value === undefined) throw missing(name);
  if (!Array.isArray(value)) throw new ConomyError('11', `${name} must be an array`);
  if (value.length === 0) throw new ConomyError('11', `${name} must have at least one node`);
  if (value.length > rule.max) {
    throw new ConomyError('11', `${name} must have at most ${rule.max} node for this type`);
  }
  const amountRequired = context.amountsRequired || value.length > 1;
  const read = value.map((node, index) => readNode(node, `${name}[${index}]`, amountRequired, context));
  assertSum(read, context);
  return {
    nodes: read.map(({ node }) => node),
    minors: read.map(({ minor }) => minor),
    postings: read.flatMap(({ posting }) => posting ?? []),
  };
}

interface ReadNode {
  node: PaymentNode;
  minor: bigint;
  posting: Posting | null;
}

function readNode(value: unknown, at: string, amountRequired: boolean, context: SideContext): ReadNode {
  const node = requireObject(value, at);
  const type = readRailType(node, at, context);
  const rail = RAILS[type];
  assertCurrency(node, type, at, context.currency);
  assertRailObject(node, rail, at);
  const minor = readNodeAmount(node, at, amountRequired, context);
  assertRequired(node, type, at, context.direction);
  assertLimits(type, minor, at, context);
  const posting = type === 'ACCOUNT' ? { accountNumber: readAccountNode(node, at, context), minor } : null;
  return { node, minor, posting };
}

function readRailType(node: Fields, at: string, { rule, name }: SideContext): RailType {
  const type = requireText(node, 'type', `${at}.`);
  const known = RAIL_TYPES.find((rail) => rail === type);
  if (known === undefined) throw new ConomyError('11', `${at}.type "${type}" is not a node type`);
  if (rule.rails.includes(known)) return known;
  throw new ConomyError(
    '11',
    `${at}.type ${type} cannot be among the ${name} of this type: ${rule.rails.join(', ')}`,
  );
}

function assertCurrency(node: Fields, type: RailType, at: string, currency: Currency): void {
  const own = requireText(node, 'currency', `${at}.`);
  if (own !== currency) throw new ConomyError('11', `${at}.currency must be ${currency}, not ${own}`);
  const { currencies } = RAILS[type];
  if (currencies && !currencies.includes(currency)) {
    throw new ConomyError('11', `${at}: ${type} serves ${currencies.join(', ')}, not ${own}`);
  }
}

function assertRailObject(node: Fields, rail: Rail, at: string): void {
  const keys = Object.keys(node).filter((key) => RAIL_KEYS.has(key));
  if (keys.length === 0) throw missing(`${at}.${rail.key}`);
  if (keys.length > 1 || keys[0] !== rail.key) {
    throw new ConomyError(
      '11',
      `${at} must have exactly one rail object, ${rail.key}, not ${keys.join(' and ')}`,
    );
  }
  requireObject(node[rail.key], `${at}.${rail.key}`);
}

/** Of an entry with several paths one is enough: the documents put the field in different places. */
function assertRequired(node: Fields, type: RailType, at: string, direction: Direction): void {
  for (const paths of requiredPaths(type, direction)) {
    if (!paths.some((path) => isGiven(fieldAt(node, path)))) throw missing(`${at}.${paths.join(' or ')}`);
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function assertLimits(type: RailType, minor: bigint, at: string, { currency, limits }: SideContext): void {
  const { minAmount, maxAmount } = limits[type] ?? {};
  if (minAmount !== undefined && minor < readAmount(minAmount, 'minAmount', currency)) {
    throw new ConomyError('21', `${at}.amount is below the minimum of ${type}, ${minAmount} ${currency}`);
  }
  if (maxAmount !== undefined && minor > readAmount(maxAmount, 'maxAmount', currency)) {
    throw new ConomyError('21', `${at}.amount is above the maximum of ${type}, ${maxAmount} ${currency}`);
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
