import { endDiscrepancy, findOpenKinds, openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { CAPSTAN_ITSELF } from '@capstan/shared/db/pauses';
import { findPayment, type PaymentRow } from '@capstan/shared/db/payments';
import { DISCREPANCIES, type DiscrepancyStatus } from '@capstan/shared/domain/discrepancies';
import { LAG_MS_MAX } from '@capstan/shared/domain/mirror-move';
import { adoptPayment } from '@capstan/shared/mirror/adopt-payment';
import { readMirroredPayment } from '@capstan/shared/mirror/read-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { judgeUnmirrored, openUnmirrored, sidesOf, type Unmirrored } from '../unmirrored.ts';
import { comparePayment, type Difference } from './compare-payment.ts';
import type { ComparisonContext } from './comparison-context.ts';
import type { DayReport, Finding } from './day-report.ts';

/**
 * What is done about a disagreement. `report`: nothing is read or written for it. `settle`: one read, which counts more
 * than a list. `repair`: payments made elsewhere are mirrored from then on, too.
 */
export type ComparisonMode = 'report' | 'settle' | 'repair';

interface Listed {
  payment: PaymentRow;
  row: ObservedPayment;
  /** When the page was asked for. */
  askedAt: Date;
}

/** A list row that says something else than the mirror: the read that follows decides, and what it leaves stays open. */
export async function settleDifferences(
  context: ComparisonContext,
  mode: ComparisonMode,
  report: DayReport,
  { payment, row, differences, askedAt }: Listed & { differences: readonly Difference[] },
): Promise<void> {
  report.differing += 1;
  const findings = differences.map((difference) => findingOf(payment, row.id, difference));
  if (mode === 'report') {
    report.findings.push(...findings);
    return;
  }
  const failure = await readMirroredPayment(context, { ...payment, conomyId: row.id });
  if (failure !== null) {
    report.gap = `the payment ${row.id} differs and could not be read: ${failure.reason}`;
    return;
  }
  const after = (await findPayment(context.pool, payment.key)) ?? payment;
  const left = new Set(comparePayment(after, row).map(({ field }) => field));
  for (const [nth, difference] of differences.entries()) {
    const finding = findings[nth];
    if (!finding) continue;
    if (left.has(difference.field) && (await isTold(context, after, difference))) continue;
    const end = left.has(difference.field) ? endOfLag(after, difference, askedAt) : READ_SETTLED;
    report.findings.push({
      ...finding,
      status: await record(context, finding, payment.updatedAt, askedAt, end),
    });
  }
}

/** The contradiction itself is open by the read, or read again until it is; the list only repeats it. */
async function isTold(
  { pool }: ComparisonContext,
  payment: PaymentRow,
  { kind }: Difference,
): Promise<boolean> {
  if (kind !== 'status_differs') return false;
  if (payment.readsBehind > 0) return true;
  return (await findOpenKinds(pool, [payment.key], ['final_contradicted', 'went_back'])).length > 0;
}

/** A mirror that moved while the list was on its way is ahead of it. */
function endOfLag(after: PaymentRow, { kind }: Difference, askedAt: Date): End | null {
  const isRecent = after.movedAt.getTime() > askedAt.getTime() - LAG_MS_MAX;
  return kind === 'status_differs' && isRecent ? LISTED_BEFORE : null;
}

/** A payment in the lists that is not mirrored. */
export async function settleUnmirrored(
  context: ComparisonContext,
  mode: ComparisonMode,
  report: DayReport,
  unmirrored: Unmirrored,
): Promise<void> {
  const verdict = await judgeUnmirrored(context.pool, unmirrored);
  if (verdict === 'waiting') {
    report.waiting += 1;
    return;
  }
  report.missing += 1;
  const kind = verdict === 'twin' ? 'twin' : 'missing_here';
  const { told, namesake } = unmirrored;
  const finding: Finding = {
    kind,
    paymentKey: namesake?.key ?? null,
    conomyId: told.id,
    field: null,
    ...sidesOf(unmirrored),
    status: 'unsettled',
  };
  if (mode !== 'report') {
    const id = await openUnmirrored(context.pool, kind, unmirrored);
    const adopts = verdict === 'adopt' || (verdict === 'missing_here' && mode === 'repair');
    const isMirrored = adopts && (await adoptPayment(context, told.id)) !== null;
    if (isMirrored) await endDiscrepancy(context.pool, id, { ...ADOPTED, by: CAPSTAN_ITSELF });
    finding.status = isMirrored ? ADOPTED.status : 'open';
  }
  report.findings.push(finding);
}

/** A mirrored payment that no list of its days holds. A read that finds it says that the lists are not to be relied on. */
export async function settleMissingThere(
  context: ComparisonContext,
  mode: ComparisonMode,
  report: DayReport,
  payment: PaymentRow & { conomyId: string },
): Promise<void> {
  const finding: Finding = {
    kind: 'missing_there',
    paymentKey: payment.key,
    conomyId: payment.conomyId,
    field: null,
    mirror: { status: payment.status },
    provider: {},
    status: 'unsettled',
  };
  if (mode === 'report') {
    report.findings.push(finding);
    return;
  }
  const failure = await readMirroredPayment(context, payment);
  if (failure === null) {
    report.unlisted += 1;
  } else if (failure.httpStatus === 404) {
    const status = await record(context, finding, payment.updatedAt, new Date(), null);
    report.findings.push({ ...finding, status });
  } else {
    report.gap = `the payment ${payment.conomyId} is in no list and could not be read: ${failure.reason}`;
  }
}

interface End {
  status: Exclude<DiscrepancyStatus, 'open'>;
  reason: string;
}
const READ_SETTLED: End = { status: 'repaired', reason: 'A read brought both sides to agreement.' };
const LISTED_BEFORE: End = {
  status: 'explained',
  reason: 'The payment moved while the list was on its way.',
};
const ADOPTED: End = { status: 'repaired', reason: 'The payment is mirrored from now on.' };

/** Writes the finding down, with its end where it has one. */
async function record(
  { pool }: ComparisonContext,
  finding: Finding,
  mirrorReadAt: Date,
  providerReadAt: Date,
  end: End | null,
): Promise<DiscrepancyStatus> {
  const { kind, paymentKey, conomyId, field } = finding;
  const { id } = await openDiscrepancy(pool, {
    kind,
    paymentKey,
    conomyId,
    ...(field === null ? {} : { field }),
    mirror: { value: finding.mirror, readAt: mirrorReadAt },
    provider: { value: finding.provider, readAt: providerReadAt },
    cause: DISCREPANCIES[kind].cause,
  });
  if (end === null) return 'open';
  await endDiscrepancy(pool, id, { ...end, by: CAPSTAN_ITSELF });
  return end.status;
}

function findingOf(payment: PaymentRow, conomyId: string, difference: Difference): Finding {
  const { kind, field, mirror, provider } = difference;
  return {
    kind,
    paymentKey: payment.key,
    conomyId,
    field,
    mirror: { [field]: mirror },
    provider: { [field]: provider },
    status: 'unsettled',
  };
}
