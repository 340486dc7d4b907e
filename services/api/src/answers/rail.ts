import { RAILS } from '@capstan/shared/domain/rails';

/** What the payer needs to pay: a page to open, a code to scan, an account to transfer to. */
export type RailAnswer = Partial<Record<(typeof PAYER_FIELDS)[number], string>>;

/** Names under which Conomy's rails return it (dossier §9). */
export const PAYER_FIELDS = [
  'url',
  'qrCode',
  'data',
  'clabe',
  'code',
  'token',
  'expiresAt',
  'expiredAt',
] as const;

/**
 * Picks it from the rail objects of a payment's origins; undefined when there is nothing. What was sent under
 * the same name is not an instruction but belongs to the payer or the beneficiary: the token of a CARD, the
 * `clabe` that a SPEI pays out to.
 */
export function readRail(snapshot: Record<string, unknown>): RailAnswer | undefined {
  for (const node of listOf(snapshot.origins)) {
    const sent = namesSent(node.type);
    for (const member of Object.values(node)) {
      const found = isObject(member) ? pick(member, sent) : {};
      if (Object.keys(found).length > 0) return found;
    }
  }
  return undefined;
}

function pick(railObject: Record<string, unknown>, sent: ReadonlySet<string>): RailAnswer {
  const found: RailAnswer = {};
  for (const name of PAYER_FIELDS) {
    const value = railObject[name];
    if (typeof value === 'string' && value !== '' && !sent.has(name)) found[name] = value;
  }
  return found;
}

/** Names inside the rail object that a pay-in sends; none of a rail that is not known. */
function namesSent(type: unknown): ReadonlySet<string> {
  const rail = Object.entries(RAILS).find(([name]) => name === type)?.[1];
  return new Set([...(rail?.in?.required.flat() ?? []), ...(rail?.in?.optional ?? [])]);
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
