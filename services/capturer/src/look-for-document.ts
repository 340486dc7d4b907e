import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { Finding, UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import { documentationStatusOf } from '@capstan/shared/provider/payment-provider';
import type { Evidence } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { readOwn } from './read-own.ts';

/**
 * Looks for the document an attempt of unknown outcome may have handed in. Conomy lists no documents: all a read tells is how
 * far those of the payment are, so it is held against how far they were right before.
 */
export async function lookForDocument(
  { provider, timings }: Pick<CapturerContext, 'provider' | 'timings'>,
  command: ClaimedCommand,
  { documentationBefore: before, documentMsBefore }: UnknownAttempt,
  signal: AbortSignal,
): Promise<Evidence> {
  const read = await readOwn(provider, command, signal);
  if (read.payment === null) return read.evidence;
  const { payment } = read;
  const after = documentationStatusOf(payment);
  const detail = { status: payment.status, before, after };
  // What was read right before may not have shown yet what we had just handed in.
  const maySpeakOfAnother = documentMsBefore !== null && documentMsBefore < timings.absence.spanMsMin;
  const finding = maySpeakOfAnother ? 'unclear' : compareDocumentation(before, after, payment.status);
  return { finding, isWhole: true, payment, detail };
}

/** Before a document is handed in; null when Conomy says nothing of documents. */
const WANTING: ReadonlySet<string | null> = new Set([null, 'PENDING_UPLOAD', 'REJECTED']);
/** Only after one was. `SENT` is of older documents (dossier §13). */
const HANDED_IN: ReadonlySet<string | null> = new Set(['UPLOADED', 'SENT']);
/** After one was looked at, or after the review ended, be it without any. */
const DECIDED: ReadonlySet<string | null> = new Set(['APPROVED', 'REJECTED']);

/**
 * What the statuses before and after an attempt say of it. Where a document had been handed in already, another one changes
 * nothing that can be seen, and neither can its absence.
 */
function compareDocumentation(before: string | null, after: string | null, status: string): Finding {
  if (!WANTING.has(before)) return 'unclear';
  if (HANDED_IN.has(after)) return 'found';
  if (DECIDED.has(after) && after !== before) return status === 'REQUIRES_REVIEW' ? 'found' : 'unclear';
  return WANTING.has(after) ? 'absent' : 'unclear';
}
