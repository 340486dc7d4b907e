import type { ScanLane } from '@capstan/shared/db/scan-lanes';
import type { ScanPlace, TakenLane } from '@capstan/shared/db/scans';
import { aboutPayment } from '@capstan/shared/provider/about-payment';
import { beginWalk } from '@capstan/shared/provider/list-walk';
import type {
  ObservedPayment,
  PaymentProvider,
  ProviderFailure,
} from '@capstan/shared/provider/payment-provider';
import { type WalkEnd, walkList } from '@capstan/shared/provider/walk-list';
import { CREATED_TOLERANCE_MS, OLDER_MS_MIN } from './judge-created.ts';
import { wantedRows } from './wanted-rows.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** What one turn of a scan came to. */
export interface ScannedTurn {
  end: WalkEnd;
  place: ScanPlace;
  /** By request: rows that may be what it looks for. */
  found: ReadonlyMap<number, readonly ObservedPayment[]>;
  /** When its last page was answered by Conomy's clock; null where that was not told, or a cache may have kept it. */
  answeredAt: Date | null;
}

export interface TurnBounds {
  /** Awaited before each call to the provider. */
  beforeCall: () => Promise<void>;
  /** Asked after each page: the turn is over, and the scan goes on in the next one. */
  isOver: (rows: number) => boolean;
  signal: AbortSignal;
}

/**
 * Lists the payments of an account (there is no filter by externalId), once for all who ask, from where the last turn
 * stopped. Conomy states no time zone for its days, so the day on either side is listed too.
 */
export async function scanCreated(
  provider: PaymentProvider,
  lane: ScanLane,
  { requests, underWay, now }: Pick<TakenLane, 'requests' | 'underWay' | 'now'>,
  { beforeCall, isOver, signal }: TurnBounds,
): Promise<ScannedTurn> {
  const firstMs = Math.min(...requests.map(({ firstStartedAt }) => firstStartedAt.getTime()));
  const place = underWay?.place ?? {
    fromDay: new Date(firstMs - CREATED_TOLERANCE_MS - DAY_MS).toISOString(),
    toDay: new Date(now.getTime() + DAY_MS).toISOString(),
    walk: beginWalk(),
    unreadIds: [],
  };
  const wanted = wantedRows(requests);
  const unreadIds = [...place.unreadIds];
  const list = listOf(provider, lane, place);
  const walked = await walkList({
    order: lane.look === 'first' ? 'newest_first' : 'oldest_first',
    from: place.walk,
    ask: async (page) => {
      await beforeCall();
      return list(page, signal);
    },
    visit: async ({ rows, page }, stop) => {
      for (const row of rows) {
        const payment = row.externalId === undefined ? await readNameless(row) : row;
        if (payment === null) unreadIds.push(row.id);
        else if (payment !== 'too_old') wanted.show(payment);
      }
      const isPast = lane.look === 'first' && isOlder(rows.at(-1), firstMs - CREATED_TOLERANCE_MS);
      if (isPast || isOver(rows.length + page.unreadableRows)) stop();
    },
  });
  return {
    end: walked.end,
    place: { ...place, walk: walked.place, unreadIds },
    found: wanted.found,
    answeredAt: walked.isAged ? null : walked.answeredAt,
  };

  /** A row that does not tell its externalId is read whole, unless it is too old to be ours; null: it cannot be read. */
  async function readNameless(row: ObservedPayment): Promise<ObservedPayment | 'too_old' | null> {
    if (isOlder(row, firstMs - OLDER_MS_MIN)) return 'too_old';
    await beforeCall();
    const read = await readCreated(provider, lane, row.id, signal);
    return read && { ...row, ...read };
  }
}

function listOf(provider: PaymentProvider, lane: ScanLane, place: ScanPlace) {
  const filter = {
    accountNumber: lane.accountNumber,
    type: lane.type,
    fromDay: new Date(place.fromDay),
    toDay: new Date(place.toDay),
  };
  const sort = lane.look === 'first' ? ('createdAt:desc' as const) : ('createdAt:asc' as const);
  return ({ limit, offset }: { limit: number; offset: number }, signal: AbortSignal) =>
    lane.operation === 'create_attempt'
      ? provider.listAttempts(filter, { limit, next: offset }, { signal })
      : provider.listPayments({ ...filter, sort }, { limit, offset }, { signal });
}

/** One row whole, null when it cannot be read. */
export async function readCreated(
  provider: PaymentProvider,
  { operation }: Pick<ScanLane, 'operation'>,
  id: string,
  signal: AbortSignal,
): Promise<ObservedPayment | null> {
  const reading =
    operation === 'create_attempt'
      ? provider.readAttempt(id, { signal })
      : provider.readPayment(id, { signal });
  const read = await aboutPayment(id, reading);
  return read.ok ? read.value : null;
}

function isOlder(payment: ObservedPayment | undefined, notBeforeMs: number): boolean {
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
