import type { Finding } from '@capstan/shared/db/unknown-attempts';
import {
  type AskedPayment,
  type Comparison,
  compareWithCreate,
  isTotalExplained,
  isUnclearWhenFound,
} from '@capstan/shared/domain/bound-means-equal';
import { mayBeSameExternalId } from '@capstan/shared/domain/external-id';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Evidence } from './conclude-unknown.ts';
import { LOOK_ALIKES_MAX } from './wanted-rows.ts';

/** Clocks differ: a payment this much older than our first attempt can still be ours. */
export const CREATED_TOLERANCE_MS = 10 * 60 * 1_000;
/** As much as local times of the world lie apart: a payment that seems older than this is. */
export const OLDER_MS_MIN = 26 * 60 * 60 * 1_000;

/** The create whose payment is looked for. */
export interface LostCreate {
  asked: AskedPayment & { externalId: string };
  /** By the database clock. */
  firstStartedAt: Date;
  /** Conomy has clearly refused the only attempt as a duplicate: no call of ours can have made anything. */
  isRefusedDuplicate: boolean;
  /** How far Conomy's clock is ahead of the database's; null where it is not known. */
  clockAheadMs: number | null;
}

/** What a row alone does not tell. */
export interface CreatedLookup {
  /** Null when it cannot be read. */
  readWhole(id: string): Promise<ObservedPayment | null>;
  /** Which of these Conomy payments another create of ours has. */
  findClaimed(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** What a look for a lost create showed. */
export interface ShownRows {
  /** Every row with its externalId, or with one that may be it. */
  rows: readonly ObservedPayment[];
  /** What is not among them is not there. */
  isWhole: boolean;
  /** How many rows were seen, for the operator. */
  detail: Record<string, unknown>;
}

/**
 * Judges what a look for a lost create showed. One payment is bound when it is the only one of the exact externalId, agrees in all that was asked for and is not older than the first attempt. What
 * may be ours and is not bound rules an absence out.
 */
export async function judgeCreated(
  lookup: CreatedLookup,
  create: LostCreate,
  shown: ShownRows,
): Promise<Evidence> {
  const [row, ...others] = shown.rows.filter(({ externalId }) => externalId === create.asked.externalId);
  if (row === undefined) return judgeLookAlikes(lookup, create, shown);
  if (others.length > 0) return showedNothing('ambiguous', { ids: [row, ...others].map(({ id }) => id) });
  const judged = await judgeMatch(lookup, create, row);
  switch (judged.is) {
    case 'ours':
      return {
        finding: 'found',
        isWhole: true,
        payment: judged.payment,
        detail: { id: row.id, ...shown.detail },
      };
    case 'unclear':
      return showedNothing('unclear', { id: row.id, ...judged.why });
    case 'unreadable':
      return showedNothing('inconclusive', { reason: 'row_unreadable', id: row.id });
    case 'older': {
      if (create.isRefusedDuplicate) return showedNothing('in_use', { id: row.id });
      const detail = { ...shown.detail, olderId: row.id };
      const evidence = await judgeLookAlikes(lookup, create, { ...shown, detail });
      return evidence.finding === 'absent' ? { ...evidence, inUseBy: row.id } : evidence;
    }
  }
}

type Judged =
  | { is: 'ours'; payment: ObservedPayment }
  | { is: 'older' }
  | { is: 'unreadable' }
  | { is: 'unclear'; why: Record<string, unknown> };

/** The only payment of the exact externalId. What a row lacks or leaves unexplained is read whole. */
async function judgeMatch(lookup: CreatedLookup, create: LostCreate, row: ObservedPayment): Promise<Judged> {
  const { asked } = create;
  if (ageOf(row, create) === 'older') return { is: 'older' };
  const listed = compareWithCreate(asked, row);
  if (listed.verdict === 'contradicts') return contradicting(listed);
  const isEnough = listed.verdict === 'agrees' && isTotalExplained(asked, row) && ageOf(row, create) !== null;
  const read = isEnough ? row : await lookup.readWhole(row.id);
  if (read === null) return { is: 'unreadable' };
  const payment = { ...row, ...read };
  const age = ageOf(payment, create);
  if (age === 'older') return { is: 'older' };
  const comparison = compareWithCreate(asked, payment);
  if (isUnclearWhenFound(comparison)) return contradicting(comparison);
  if (age !== 'recent') return { is: 'unclear', why: { createdAt: payment.raw.createdAt ?? null } };
  return { is: 'ours', payment };
}

function contradicting(comparison: Comparison): Judged {
  return comparison.verdict === 'contradicts'
    ? { is: 'unclear', why: { differs: comparison.fields } }
    : { is: 'unclear', why: { lacks: comparison.verdict === 'lacks' ? comparison.fields : [] } };
}

/**
 * Conomy may list an externalId trimmed, normalised or cut. While a row that may be ours by it, and is like ours in all else,
 * is not of another create of ours, nothing is absent.
 */
async function judgeLookAlikes(
  lookup: CreatedLookup,
  create: LostCreate,
  { rows, isWhole, detail }: ShownRows,
): Promise<Evidence> {
  const { externalId, ...asked } = create.asked;
  const others = rows.filter((row) => row.externalId !== externalId);
  const near = others.filter(
    (row) =>
      (row.externalId === undefined || mayBeSameExternalId(externalId, row.externalId)) &&
      isNotOlder(row, create),
  );
  const claimed = near.length === 0 ? new Set() : await lookup.findClaimed(near.map(({ id }) => id));
  for (const row of near) {
    if (claimed.has(row.id)) continue;
    const isEnough = compareWithCreate(asked, row).verdict !== 'lacks';
    const whole = isEnough ? row : await lookup.readWhole(row.id);
    if (whole === null) return showedNothing('inconclusive', { reason: 'row_unreadable', id: row.id });
    const isLike = compareWithCreate(asked, { ...row, ...whole }).verdict !== 'contradicts';
    if (!isLike || !isNotOlder(whole, create)) continue;
    // What was not seen whole may show ours yet.
    return showedNothing(isWhole ? 'unclear' : 'inconclusive', { lookAlike: row.id });
  }
  return others.length < LOOK_ALIKES_MAX
    ? showedNothing('absent', detail)
    : showedNothing('inconclusive', { ...detail, reason: 'too_many_alike' });
}

function isNotOlder(row: ObservedPayment, create: LostCreate): boolean {
  const age = ageOf(row, create);
  return age === null || age === 'recent';
}

/** Against the first attempt; null where the instant is not told, or cannot be one. */
function ageOf(
  { createdAt }: ObservedPayment,
  { firstStartedAt, clockAheadMs }: LostCreate,
): 'recent' | 'doubtful' | 'older' | null {
  if (createdAt === undefined) return null;
  const olderMs = firstStartedAt.getTime() - (Date.parse(createdAt) - (clockAheadMs ?? 0));
  if (olderMs <= CREATED_TOLERANCE_MS) return 'recent';
  return olderMs <= OLDER_MS_MIN ? 'doubtful' : 'older';
}

/** A read that showed no payment to bind. */
export function showedNothing(finding: Finding, detail: Record<string, unknown>): Evidence {
  return { finding, isWhole: false, payment: null, detail };
}
