import type { Finding, UnknownAttempt } from '@capstan/shared/db/attempts';
import type { ClaimedCommand } from '@capstan/shared/db/commands';
import { isCaptureTaken, isFinalStatus } from '@capstan/shared/domain/payment-status';
import type {
  ObservedPayment,
  PaymentProvider,
  ProviderFailure,
} from '@capstan/shared/provider/payment-provider';
import type { Evidence } from './conclude-unknown.ts';
import { lookForRefund } from './look-for-refund.ts';

const PAGE_ROWS = 50;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Clocks differ: a payment this much older than our first attempt can still be ours. */
const CREATED_TOLERANCE_MS = 10 * 60 * 1_000;

export interface LookOptions {
  /** This read may be the one from which absence is concluded, so it must look everywhere. */
  concluding: boolean;
  /** Ids of the payment's refunds that were there before the attempt. */
  knownRefundIds: ReadonlySet<string>;
  signal: AbortSignal;
}

/** Reads the provider once to see whether an attempt of unknown outcome had its effect. Writes nothing anywhere. */
export function lookForEffect(
  provider: PaymentProvider,
  command: ClaimedCommand,
  attempt: UnknownAttempt,
  options: LookOptions,
): Promise<Evidence> {
  switch (attempt.operation) {
    case 'create':
    case 'create_attempt':
      return lookForCreated(provider, command, attempt, options);
    case 'authorize':
    case 'capture':
      return lookForStatus(provider, command, attempt, options.signal);
    case 'refund':
      return lookForRefund(provider, command, options.knownRefundIds, options.signal);
  }
}

async function lookForStatus(
  provider: PaymentProvider,
  command: ClaimedCommand,
  attempt: UnknownAttempt,
  signal: AbortSignal,
): Promise<Evidence> {
  if (command.conomyId === null) throw new Error(`command ${command.id} has no Conomy id to read`);
  const read = await provider.readPayment(command.conomyId, { signal });
  if (!read.ok) return inconclusive(read.failure);
  const payment = read.value;
  const told = { isWhole: true, payment, detail: { status: payment.status } };
  if (isCaptureTaken(payment.status)) return { ...told, finding: 'found' };
  if (payment.status === 'AUTHORIZED' && attempt.operation === 'authorize')
    return { ...told, finding: 'found' };
  if (payment.status === 'CREATED' || payment.status === 'AUTHORIZED') return { ...told, finding: 'absent' };
  if (isFinalStatus(payment.status)) return { ...told, finding: 'closed' };
  return { ...told, finding: 'inconclusive' };
}

/** What of a create body identifies and confirms the payment it made. */
interface Wanted {
  externalId: string;
  accountNumber: string;
  type: string;
  notBefore: number;
}

/**
 * Lists the account's payments of the type, newest first (there is no filter by externalId). While absence
 * cannot be concluded yet, it stops at rows older than our first attempt; the concluding look reads on through a
 * day on each side.
 */
async function lookForCreated(
  provider: PaymentProvider,
  command: ClaimedCommand,
  attempt: UnknownAttempt,
  { concluding, signal }: LookOptions,
): Promise<Evidence> {
  const wanted = wantedOf(command, attempt);
  const marginMs = concluding ? DAY_MS : CREATED_TOLERANCE_MS;
  const filter = {
    accountNumber: wanted.accountNumber,
    type: wanted.type,
    fromDay: new Date(attempt.firstStartedAt.getTime() - marginMs),
    toDay: new Date(Date.now() + marginMs),
    sort: 'createdAt:desc' as const,
  };
  const list = (offset: number) =>
    attempt.operation === 'create_attempt'
      ? provider.listAttempts(filter, { limit: PAGE_ROWS, next: offset }, { signal })
      : provider.listPayments(filter, { limit: PAGE_ROWS, offset }, { signal });
  const read = (id: string) => readWhole(provider, attempt, id, signal);
  const matches = new Map<string, ObservedPayment>();
  const seen = new Set<string>();
  for (let offset: number | null = 0; offset !== null; ) {
    const page = await list(offset);
    if (!page.ok) return inconclusive(page.failure);
    if (page.value.unreadableRows > 0) return nothing('inconclusive', { reason: 'unreadable_rows' });
    // Rows come twice when offsets shift under the scan; a page without a new one is the end, whatever the totals say.
    const fresh = page.value.payments.filter(({ id }) => !seen.has(id));
    for (const row of fresh) {
      seen.add(row.id);
      const payment = row.externalId === undefined ? await read(row.id) : row;
      if (payment === null) return nothing('inconclusive', { reason: 'row_unreadable', id: row.id });
      if (payment.externalId === wanted.externalId) matches.set(payment.id, payment);
    }
    const oldest = page.value.payments.at(-1);
    if (fresh.length === 0) break;
    offset = !concluding && isOlder(oldest, wanted.notBefore) ? null : page.value.nextOffset;
  }
  const evidence = await judgeMatches(read, wanted, [...matches.values()], seen.size);
  return { ...evidence, isWhole: concluding };
}

function wantedOf(command: ClaimedCommand, attempt: UnknownAttempt): Wanted {
  const body = JSON.parse(command.createBody ?? '{}') as {
    externalId: string;
    accountNumber: string;
    type: string;
  };
  return {
    externalId: body.externalId,
    accountNumber: body.accountNumber,
    type: body.type,
    notBefore: attempt.firstStartedAt.getTime() - CREATED_TOLERANCE_MS,
  };
}

async function judgeMatches(
  read: (id: string) => Promise<ObservedPayment | null>,
  wanted: Wanted,
  matches: ObservedPayment[],
  rows: number,
): Promise<Evidence> {
  const [only] = matches;
  if (!only) return nothing('absent', { rows });
  if (matches.length > 1) return nothing('ambiguous', { ids: matches.map(({ id }) => id) });
  const whole = fits(only, wanted) ? only : await read(only.id);
  if (whole === null) return nothing('inconclusive', { reason: 'row_unreadable', id: only.id });
  if (!fits(whole, wanted)) return nothing('unclear', { id: whole.id });
  if (isOlder(whole, wanted.notBefore)) return nothing('in_use', { id: whole.id });
  return { finding: 'found', isWhole: true, payment: whole, detail: { id: whole.id, rows } };
}

/** Other fields only confirm: a row that lacks one is read whole, one that contradicts is not ours to bind. */
function fits(payment: ObservedPayment, wanted: Wanted): boolean {
  return (
    payment.accountNumber === wanted.accountNumber &&
    payment.type === wanted.type &&
    payment.createdAt !== undefined
  );
}

async function readWhole(
  provider: PaymentProvider,
  { operation }: UnknownAttempt,
  id: string,
  signal: AbortSignal,
): Promise<ObservedPayment | null> {
  const read = await (operation === 'create_attempt'
    ? provider.readAttempt(id, { signal })
    : provider.readPayment(id, { signal }));
  return read.ok ? read.value : null;
}

function isOlder(payment: ObservedPayment | undefined, notBefore: number): boolean {
  return payment?.createdAt !== undefined && Date.parse(payment.createdAt) < notBefore;
}

export function inconclusive(failure: ProviderFailure): Evidence {
  const { stage, reason, httpStatus, code } = failure;
  return nothing('inconclusive', { stage, reason, httpStatus, code });
}

/** A read that showed no payment to bind. */
function nothing(finding: Finding, detail: Record<string, unknown>): Evidence {
  return { finding, isWhole: false, payment: null, detail };
}
