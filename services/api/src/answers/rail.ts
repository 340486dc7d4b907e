/** What the payer needs to pay: a page to open, a code to scan, an account to transfer to. */
export type RailAnswer = Partial<Record<(typeof PAYER_FIELDS)[number], string>>;

/** Names under which Conomy's rails return it (dossier §9). */
const PAYER_FIELDS = ['url', 'qrCode', 'data', 'clabe', 'code', 'token', 'expiresAt', 'expiredAt'] as const;

/** Picks it from the rail objects of a payment's nodes, origins first; undefined when there is nothing. */
export function readRail(snapshot: Record<string, unknown>): RailAnswer | undefined {
  for (const node of [...listOf(snapshot.origins), ...listOf(snapshot.destinations)]) {
    for (const member of Object.values(node)) {
      const found = isObject(member) ? pick(member) : {};
      if (Object.keys(found).length > 0) return found;
    }
  }
  return undefined;
}

function pick(railObject: Record<string, unknown>): RailAnswer {
  const found: RailAnswer = {};
  for (const name of PAYER_FIELDS) {
    const value = railObject[name];
    if (typeof value === 'string' && value !== '') found[name] = value;
  }
  return found;
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
