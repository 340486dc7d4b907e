import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { findToldIds } from '@capstan/shared/db/deliveries';
import { findCreatedIds } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import type { ScanLane } from '@capstan/shared/db/scan-lanes';
import type { UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import type { ObservedPayment, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { type Evidence, isCreateConflict } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { judgeCreated, showedNothing } from './judge-created.ts';
import type { Look, LookOptions } from './look-for-effect.ts';
import { readCreated } from './scan-created.ts';
import { joinScan, type ScanShown } from './shared-scans.ts';

/** Where the payment of a create is looked for. */
interface Wanted extends ScanLane {
  externalId: string;
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
  const { externalId } = wanted;
  const joined = await joinScan(context, wanted, { attemptId, externalId, firstStartedAt }, signal);
  if (joined.kind === 'waits') return joined;
  const scan = joined.shown;
  const { process, processMs, answered, clockAheadMs } = scan;
  const beganAtMs = monotonicMs() - scan.beganMsAgo;
  const lookup = {
    readWhole: (id: string) => readCreated(provider, wanted, id, signal),
    findClaimed: (ids: readonly string[]) => findCreatedIds(pool, ids),
  };
  const create = {
    asked: { ...command.asked, externalId },
    firstStartedAt,
    isRefusedDuplicate: attempt.number === 1 && isCreateConflict(attempt),
    clockAheadMs,
  };
  const told = await readTold(pool, provider, wanted, scan.rows, signal);
  const evidence =
    told === null
      ? showedNothing('inconclusive', { reason: 'told_unreadable' })
      : await judgeCreated(lookup, create, {
          rows: [...scan.rows, ...told],
          isWhole: scan.end === 'whole',
          detail: scan.detail,
        });
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
  const isTooLong = end === 'too_long';
  if (evidence.finding !== 'absent') return { ...evidence, isTooLong };
  if (end === 'whole') return { ...evidence, isWhole: true };
  return { ...showedNothing('inconclusive', detail), isTooLong };
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
  { operation }: UnknownAttempt & { operation: ScanLane['operation'] },
): Omit<Wanted, 'look'> {
  const { externalId, accountNumber, type } = command.asked ?? {};
  if (!externalId || !accountNumber || !type)
    throw new Error(`command ${command.id} has no create to look for`);
  return { operation, externalId, accountNumber, type };
}
