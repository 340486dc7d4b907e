import type { ScanRequest } from '@capstan/shared/db/scans';
import type {
  ObservedPayment,
  PaymentProvider,
  ProviderFailure,
} from '@capstan/shared/provider/payment-provider';

const PAGE_ROWS = 50;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Clocks differ: a payment this much older than our first attempt can still be ours. */
export const CREATED_TOLERANCE_MS = 10 * 60 * 1_000;

/** What is scanned: the account's payments of one type, or its payment attempts. */
export interface ScanLane {
  operation: 'create' | 'create_attempt';
  accountNumber: string;
  type: string;
}

export interface CreatedScan {
  /** Every row that was seen, each with its externalId; null when the scan came to no end. */
  rows: readonly ObservedPayment[] | null;
  /** How many, or why it came to no end, for the operator. */
  detail: Record<string, unknown>;
}

/**
 * Lists newest first (there is no filter by externalId), once for all who ask. While nobody can conclude absence it
 * stops at rows older than the first attempt of each; otherwise it reads on through a day on either side.
 * @param now by the database clock.
 * @param beforeCall awaited before each call to the provider.
 */
export async function scanCreated(
  provider: PaymentProvider,
  lane: ScanLane,
  requests: readonly ScanRequest[],
  { now, beforeCall, signal }: { now: Date; beforeCall: () => Promise<void>; signal: AbortSignal },
): Promise<CreatedScan> {
  const isWhole = requests.some((request) => request.isWhole);
  const marginMs = isWhole ? DAY_MS : CREATED_TOLERANCE_MS;
  const firstMs = Math.min(...requests.map(({ firstStartedAt }) => firstStartedAt.getTime()));
  const filter = {
    accountNumber: lane.accountNumber,
    type: lane.type,
    fromDay: new Date(firstMs - marginMs),
    toDay: new Date(now.getTime() + marginMs),
    sort: 'createdAt:desc' as const,
  };
  const list = (offset: number) =>
    lane.operation === 'create_attempt'
      ? provider.listAttempts(filter, { limit: PAGE_ROWS, next: offset }, { signal })
      : provider.listPayments(filter, { limit: PAGE_ROWS, offset }, { signal });
  const readWhole = async (id: string) => {
    await beforeCall();
    return readCreated(provider, lane, id, signal);
  };
  const gaveUp = (detail: Record<string, unknown>): CreatedScan => ({ rows: null, detail });
  const rows = new Map<string, ObservedPayment>();
  for (let offset: number | null = 0; offset !== null; ) {
    await beforeCall();
    const page = await list(offset);
    if (!page.ok) return gaveUp(describeFailure(page.failure));
    if (page.value.unreadableRows > 0) return gaveUp({ reason: 'unreadable_rows' });
    // Rows come twice when offsets shift under the scan; a page without a new one is the end, whatever the totals say.
    const fresh = page.value.payments.filter(({ id }) => !rows.has(id));
    for (const row of fresh) {
      const payment = row.externalId === undefined ? await readWhole(row.id) : row;
      if (payment === null) return gaveUp({ reason: 'row_unreadable', id: row.id });
      rows.set(row.id, payment);
    }
    if (fresh.length === 0) break;
    const isPast = !isWhole && isOlder(page.value.payments.at(-1), firstMs - CREATED_TOLERANCE_MS);
    offset = isPast ? null : page.value.nextOffset;
  }
  return { rows: [...rows.values()], detail: { rows: rows.size } };
}

/** One row whole, null when it cannot be read. */
export async function readCreated(
  provider: PaymentProvider,
  { operation }: Pick<ScanLane, 'operation'>,
  id: string,
  signal: AbortSignal,
): Promise<ObservedPayment | null> {
  const read = await (operation === 'create_attempt'
    ? provider.readAttempt(id, { signal })
    : provider.readPayment(id, { signal }));
  return read.ok ? read.value : null;
}

export function isOlder(payment: ObservedPayment | undefined, notBeforeMs: number): boolean {
  return payment?.createdAt !== undefined && Date.parse(payment.createdAt) < notBeforeMs;
}

/** What an operator is told of a read that failed. */
export function describeFailure({
  stage,
  reason,
  httpStatus,
  code,
}: ProviderFailure): Record<string, unknown> {
  return { stage, reason, httpStatus, code };
}
