import { randomBytes } from 'node:crypto';
import { type Currency, formatAmount } from '@capstan/shared/domain/money';
import { RAILS, type RailType } from '@capstan/shared/domain/rails';
import { allocate } from './allocate.ts';
import { isoInstant, type PaymentNode } from './payment.ts';
import type { ReadSide } from './read-node.ts';

/** Hosted pages and codes stay open this long; the provider states no time. */
const PAY_IN_OPEN_MS = 30 * 60_000;

/** What the platform makes for each field that the table of rails says comes back. */
const RETURNED_FIELDS: Readonly<Record<string, (nowMs: number) => string>> = {
  url: () => `https://checkout.conomyhq.com/${randomBytes(16).toString('hex')}`,
  token: () => randomBytes(16).toString('hex'),
  qrCode: () => `data:image/png;base64,${randomBytes(48).toString('base64')}`,
  data: () => randomBytes(32).toString('hex').toUpperCase(),
  code: () => randomDigits(22),
  clabe: () => randomDigits(18),
  bankId: () => '90646',
  expiresAt: (nowMs) => isoInstant(nowMs + PAY_IN_OPEN_MS),
  expiredAt: (nowMs) => isoInstant(nowMs + PAY_IN_OPEN_MS),
};

/** A pay-in as the platform answers it: with what the payer needs. */
export function enrichPayIn(node: PaymentNode, nowMs: number): PaymentNode {
  const { key, returns } = RAILS[node.type as RailType];
  if (returns.length === 0) return node;
  const added = returns.map((field): [string, string] => {
    const make = RETURNED_FIELDS[field];
    if (!make) throw new Error(`rail ${node.type} returns "${field}", which the sandbox cannot make yet`);
    return [field, make(nowMs)];
  });
  return { ...node, [key]: { ...(node[key] as object), ...Object.fromEntries(added) } };
}

/** An account node as it is read back: with the account's own data. */
export function enrichAccountNode(node: PaymentNode): PaymentNode {
  if (node.type !== 'ACCOUNT') return node;
  const { identity, account, currency } = node as { identity: { identityId: string } } & PaymentNode;
  const data = { type: 'CHECKING', currency, accountHolder: `Holder ${identity.identityId}` };
  return { ...node, account: { ...data, ...(account as object) } };
}

interface NetAmounts {
  currency: Currency;
  grossMinor: bigint;
  totalMinor: bigint;
}

/** The destinations after fees: stated amounts read back net, each bearing its share. */
export function withNetAmounts(side: ReadSide, { currency, grossMinor, totalMinor }: NetAmounts): ReadSide {
  if (grossMinor === totalMinor) return side;
  const shares = allocate(
    totalMinor,
    side.minors.map((minor, index) => ({ accountNumber: String(index), minor })),
  );
  const nodes = side.nodes.map((node, index) => {
    const minor = shares[index]?.minor ?? 0n;
    return node.amount === undefined ? node : { ...node, amount: formatAmount({ minor, currency }) };
  });
  return { ...side, nodes, postings: allocate(side.postings.length === 0 ? 0n : totalMinor, side.postings) };
}

function randomDigits(count: number): string {
  return Array.from(randomBytes(count), (byte) => byte % 10).join('');
}
