import type { PoolClient } from 'pg';
import { releaseFromReview } from '../db/commands.ts';
import { findLastPlacedStatus } from '../db/journal.ts';
import {
  countReadBehind,
  forgetReadsBehind,
  type LockedPayment,
  movePayment,
  type PaymentChange,
  updateUnmovedPayment,
} from '../db/payments.ts';
import type { ComparedField } from '../domain/bound-means-equal.ts';
import type { DiscrepancyKind } from '../domain/discrepancies.ts';
import { lifecycleOf } from '../domain/lifecycle.ts';
import {
  decideMirrorMove,
  isBehindMirror,
  type MirrorMove,
  type ObservationSource,
} from '../domain/mirror-move.ts';
import { overdueAfterMs } from '../domain/overdue.ts';
import { alarmOfStatus } from '../domain/payment-status.ts';
import { nextReadMs, readOnDemandMs } from '../domain/read-schedule.ts';
import type { ObservedPayment } from '../provider/payment-provider.ts';
import { DIRECT_OFFER_MS_MAX, type Offer, RELAY_GRACE_MS, readJob } from '../queue/catalogue.ts';
import { compareObservation } from './compare-observation.ts';
import { countRefunds } from './count-refunds.ts';
import { raiseDiscrepancies } from './raise-discrepancies.ts';

/** What somebody said about a payment: the facts of a delivery, an answer or a read. */
export interface ObservedFacts {
  source: ObservationSource;
  status: string;
  conomyId: string;
  externalId?: string;
  accountNumber?: string;
  type?: string;
  purchaseAmount?: string;
  purchaseCurrency?: string;
  totalAmount?: string;
  currency?: string;
  /** When Conomy created the payment, where the source tells; an ISO 8601 instant. */
  createdAt?: string;
  /** The whole payment as told, or null when the source tells only a few fields (a delivery). */
  snapshot: Record<string, unknown> | null;
  sourceId: string | null;
  /** The mirror's version when this was asked for; null where nobody asked: a delivery, or the row of a refund in a list. */
  askedAtVersion: number | null;
  /** How long the mirror had stood when this was asked for; missing where it may have moved since. */
  askedAtAgeMs?: number;
}

/** What an answer or a read of the whole payment told. */
export function factsOf({
  id: conomyId,
  raw: snapshot,
  identityId: _,
  parentPaymentId: __,
  ...told
}: ObservedPayment): Omit<ObservedFacts, 'source' | 'sourceId' | 'askedAtVersion' | 'askedAtAgeMs'> {
  return { ...told, conomyId, snapshot };
}

export interface ObservationResult {
  move: MirrorMove;
  /** What a read was found to disagree about. */
  discrepancies: DiscrepancyKind[];
  /** In what it contradicts the create of the payment. */
  differs: readonly ComparedField[];
  /** It named all that binds the payment, and that is what was asked for. */
  isCompared: boolean;
  /** Another amount was told by what opens nothing: an answer, a delivery, or a read that was overtaken. A new read decides. */
  isAmountOpen: boolean;
  /** A read to offer right after the commit; null when the relay will do it in time, or none is needed. */
  read: Offer<'reads'> | null;
}

/**
 * Applies one observation to a payment whose row the caller has locked: moves the mirror where law 5 allows it,
 * and schedules the next read. The only way a mirror changes. What was asked for before the mirror last moved moves nothing.
 * @throws a unique violation of `payments_conomy_id_key` when the id to bind belongs to another key of ours.
 */
export async function observePayment(
  tx: PoolClient,
  payment: LockedPayment,
  facts: ObservedFacts,
  random: number,
): Promise<ObservationResult> {
  const bindsId = payment.conomyId === null;
  const compared = compareObservation(payment, facts);
  const observed = { status: facts.status, source: facts.source, ...compared };
  const isOvertaken = facts.askedAtVersion !== null && facts.askedAtVersion !== payment.version;
  const isPlaced = payment.status === null || alarmOfStatus(payment.status) === null;
  const mirror = {
    isOvertaken,
    lifecycle: lifecycleOf(payment.kind),
    status: payment.status,
    lastPlaced: isPlaced ? payment.status : await findLastPlacedStatus(tx, payment.key),
    ageMs: facts.askedAtAgeMs ?? null,
  };
  const isBehind = isBehindMirror(mirror, facts.status);
  const move = await believeOverTime(tx, payment, facts, {
    move: decideMirrorMove(mirror, observed),
    isBehind,
  });
  const isWordOnly = facts.source === 'answer' || facts.source === 'delivery';
  const { isCompared } = compared;
  const isAmountOpen = compared.amountDiffers && (isOvertaken || isWordOnly);
  const told = { move, isCompared, isAmountOpen, differs: compared.differs.map(({ field }) => field) };
  const isNews = bindsId || (isCompared && !payment.isCompared);
  if (move.kind !== 'moved' && move.kind !== 'read' && isWordOnly && !isNews)
    return { ...told, discrepancies: [], read: null };
  // The move that overtook it has scheduled a read of its own.
  if (isOvertaken && move.kind !== 'read') return { ...told, discrepancies: [], read: null };
  const discrepancies = isOvertaken ? [] : await raiseDiscrepancies(tx, payment, facts, move, compared);
  const next = scheduleAfter(move, payment, facts.source, random);
  const change: PaymentChange = {
    key: payment.key,
    // What contradicts the create is never bound.
    conomyId: compared.differs.length > 0 ? null : facts.conomyId,
    isCompared,
    createdAt: facts.createdAt ?? null,
    snapshot: keepsSnapshot(move) ? withoutStatus(facts.snapshot) : null,
    offerMs: next?.offerMs ?? null,
  };
  if (move.kind === 'moved') {
    const { source: cause, sourceId } = facts;
    const overdueMs = overdueAfterMs(move.to, { ...payment.snapshot, ...facts.snapshot });
    await movePayment(tx, payment, { ...change, to: move.to, cause, sourceId, overdueMs });
    if (payment.status === 'REQUIRES_REVIEW') await releaseFromReview(tx, payment.key);
  } else {
    await updateUnmovedPayment(tx, change, next?.reads ?? payment.reads);
  }
  const refunded = payment.parentKey ?? (payment.refundsLinked > 0 ? payment.key : null);
  if (refunded !== null) await countRefunds(tx, refunded);
  const version = payment.version + (move.kind === 'moved' ? 1 : 0);
  const read = next?.direct ? readJob(payment.key, version, next.reads, next.dueMs) : null;
  return { ...told, discrepancies, read };
}

/** Reads that are counted lie so far apart that ten of them span the time in which an absence is established. */
const READS_BEHIND_MAX = 10;
const READS_BEHIND_APART_MS = 5_000;

/**
 * A read that tells an earlier state may lag, however long the mirror's stands by the database's clock, which may have
 * stepped: it moves nothing and tells nobody before reads over time say the same. Another final state, or one whose moves
 * no document tells, is no lag.
 */
async function believeOverTime(
  tx: PoolClient,
  { key, readsBehind }: LockedPayment,
  { source }: ObservedFacts,
  { move, isBehind }: { move: MirrorMove; isBehind: boolean },
): Promise<MirrorMove> {
  const acts = move.kind === 'moved' || (move.kind === 'alarm' && move.alarm !== 'field_differs');
  if (source === 'read' && acts && isBehind) {
    const reads = await countReadBehind(tx, key, READS_BEHIND_APART_MS);
    if (reads < READS_BEHIND_MAX) return { kind: 'read', why: 'behind' };
    if (move.kind !== 'moved') return move;
  }
  const agrees = move.kind === 'unchanged' || move.kind === 'moved';
  if (readsBehind > 0 && source === 'read' && agrees) await forgetReadsBehind(tx, key);
  return move;
}

interface NextRead {
  dueMs: number;
  /** Offered by the caller right after its commit; the relay only stands by. */
  direct: boolean;
  offerMs: number;
  reads: number;
}

function scheduleAfter(
  move: MirrorMove,
  payment: LockedPayment,
  source: ObservationSource,
  random: number,
): NextRead | null {
  if (move.kind === 'read') return asNext(readOnDemandMs(payment.reads), payment.reads + 1);
  const moved = move.kind === 'moved';
  const reads = moved ? 0 : payment.reads + (source === 'read' || source === 'operator' ? 1 : 0);
  const dueMs = nextReadMs({
    status: moved ? move.to : payment.status,
    ageMs: moved ? 0 : payment.ageMs,
    reads,
    random,
  });
  return dueMs === null ? null : asNext(dueMs, reads);
}

function asNext(dueMs: number, reads: number): NextRead {
  const direct = dueMs <= DIRECT_OFFER_MS_MAX;
  return { dueMs, direct, offerMs: direct ? dueMs + RELAY_GRACE_MS : dueMs, reads };
}

/** Facts older than the mirror, or not to be believed yet, do not overwrite what is known. */
function keepsSnapshot(move: MirrorMove): boolean {
  return move.kind === 'moved' || move.kind === 'unchanged';
}

/** The snapshot's status follows the mirror's, never an answer's own. */
function withoutStatus(snapshot: Record<string, unknown> | null): Record<string, unknown> | null {
  if (snapshot === null) return null;
  const { status: _, ...rest } = snapshot;
  return rest;
}
