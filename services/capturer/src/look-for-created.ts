import type { Finding, UnknownAttempt } from '@capstan/shared/db/attempts';
import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { findToldIds } from '@capstan/shared/db/deliveries';
import type { Pool } from '@capstan/shared/db/pool';
import type { ObservedPayment, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import type { Evidence } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import type { Look, LookOptions } from './look-for-effect.ts';
import { CREATED_TOLERANCE_MS, isOlder, readCreated, type ScanLane } from './scan-created.ts';
import { joinScan, type ScanShown } from './shared-scans.ts';

/** What of a create body identifies and confirms the payment it made. */
interface Wanted extends ScanLane {
  externalId: string;
  notBeforeMs: number;
}

/** More ids than this under one externalId are no lost answer. */
const TOLD_IDS_MAX = 5;

/**
 * Looks for the payment a create of unknown outcome may have made: one scan of its account serves all who look there, in
 * whichever capturer, and what deliveries named under its externalId is read as well, since a list may lag behind them.
 */
export async function lookForCreated(
  context: CapturerContext,
  command: ClaimedCommand,
  attempt: UnknownAttempt & { operation: ScanLane['operation'] },
  { isFirst, signal }: LookOptions,
): Promise<Look> {
  const { pool, provider, monotonicMs } = context;
  const wanted: Wanted = { ...wantedOf(command, attempt), look: isFirst ? 'first' : 'whole' };
  const { id: attemptId, firstStartedAt } = attempt;
  const request = { attemptId, externalId: wanted.externalId, firstStartedAt };
  const joined = await joinScan(context, wanted, request, signal);
  if (joined.kind === 'waits') return joined;
  const scan = joined.shown;
  const { process, processMs, answered } = scan;
  const beganAtMs = monotonicMs() - scan.beganMsAgo;
  const told = await readTold(pool, provider, wanted, scan.rows, signal);
  const evidence =
    told === null
      ? nothing('inconclusive', { reason: 'told_unreadable' })
      : await judgeRows(provider, wanted, [...scan.rows, ...told], scan.detail, signal);
  return {
    kind: 'read',
    beganAtMs,
    process,
    processMs,
    evidence: { ...boundedBy(scan, evidence), answered },
  };
}

/** Of a list that was not seen whole only what it shows counts. */
function boundedBy({ end, detail }: ScanShown, evidence: Evidence): Evidence {
  if (evidence.finding !== 'absent') return evidence;
  if (end === 'whole') return { ...evidence, isWhole: true };
  return { ...nothing('inconclusive', detail), isTooLong: end === 'too_long' };
}

/** What deliveries named and the list does not hold; null when one of them cannot be read. */
async function readTold(
  pool: Pool,
  provider: PaymentProvider,
  wanted: Wanted,
  rows: readonly ObservedPayment[],
  signal: AbortSignal,
): Promise<ObservedPayment[] | null> {
  const listed = new Set(rows.map(({ id }) => id));
  const told: ObservedPayment[] = [];
  for (const id of await findToldIds(pool, wanted.externalId, TOLD_IDS_MAX)) {
    if (listed.has(id)) continue;
    const payment = await readCreated(provider, wanted, id, signal);
    if (payment === null) return null;
    told.push(payment);
  }
  return told;
}

function wantedOf(
  command: ClaimedCommand,
  { operation, firstStartedAt }: UnknownAttempt & { operation: ScanLane['operation'] },
): Omit<Wanted, 'look'> {
  const { externalId, accountNumber, type } = JSON.parse(command.createBody ?? '{}') as {
    externalId: string;
    accountNumber: string;
    type: string;
  };
  const notBeforeMs = firstStartedAt.getTime() - CREATED_TOLERANCE_MS;
  return { operation, externalId, accountNumber, type, notBeforeMs };
}

async function judgeRows(
  provider: PaymentProvider,
  wanted: Wanted,
  rows: readonly ObservedPayment[],
  seen: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Evidence> {
  const matches = rows.filter(({ externalId }) => externalId === wanted.externalId);
  const [only] = matches;
  if (!only) return nothing('absent', seen);
  if (matches.length > 1) return nothing('ambiguous', { ids: matches.map(({ id }) => id) });
  const whole = fits(only, wanted) ? only : await readCreated(provider, wanted, only.id, signal);
  if (whole === null) return nothing('inconclusive', { reason: 'row_unreadable', id: only.id });
  if (!fits(whole, wanted)) return nothing('unclear', { id: whole.id });
  if (isOlder(whole, wanted.notBeforeMs)) return nothing('in_use', { id: whole.id });
  return { finding: 'found', isWhole: true, payment: whole, detail: { id: whole.id, ...seen } };
}

/** Other fields only confirm: a row that lacks one is read whole, one that contradicts is not ours to bind. */
function fits(payment: ObservedPayment, wanted: Wanted): boolean {
  return (
    payment.accountNumber === wanted.accountNumber &&
    payment.type === wanted.type &&
    payment.createdAt !== undefined
  );
}

/** A read that showed no payment to bind. */
function nothing(finding: Finding, detail: Record<string, unknown>): Evidence {
  return { finding, isWhole: false, payment: null, detail };
}
