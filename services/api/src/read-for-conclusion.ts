import { type ConcludableCommand, findIdsShown } from '@capstan/shared/db/conclusions';
import { findOperatorScan, requestOperatorScan } from '@capstan/shared/db/operator-scans';
import { NO_ID, openAttemptOf, operationOf, type ToldEffect } from '@capstan/shared/domain/conclude';
import { askFor, type ReadContext } from '@capstan/shared/mirror/read-payment';
import {
  documentationStatusOf,
  isWholeList,
  type ObservedPayment,
} from '@capstan/shared/provider/payment-provider';
import { commandJob } from '@capstan/shared/queue/catalogue';
import { type ConcludeContext, type ConcludeRequest, refuse } from './conclusion.ts';
import { notRead, RefusedError } from './problem.ts';

/** What Conomy told for one conclusion, in the same request. */
export interface ReadForConclusion {
  /** The payment named, or the one that the command is about; null where none decides. */
  payment: ObservedPayment | null;
  /** Of several payments found: those that were not chosen. */
  others: ObservedPayment[];
  /** Every refund of the payment; null where they do not decide. */
  refunds: ObservedPayment[] | null;
}

const NOTHING: ReadForConclusion = { payment: null, others: [], refunds: null };

/**
 * Reads what a conclusion rests on. Nothing is written.
 * @throws {RefusedError} `unavailable` when Conomy does not tell it.
 */
export async function readForConclusion(
  context: ConcludeContext,
  command: ConcludableCommand,
  { outcome, paymentId, notOurs }: Pick<ConcludeRequest, 'outcome' | 'paymentId' | 'notOurs'>,
): Promise<ReadForConclusion> {
  switch (outcome) {
    case 'give_up':
      return NOTHING;
    case 'made':
    case 'choose':
      return readNamed(context, command, paymentId ?? '');
    case 'not_made':
    case 'confirmed_not_made':
      return readForAbsence(context, command, notOurs);
  }
}

async function readNamed(
  context: ReadContext,
  command: ConcludableCommand,
  paymentId: string,
): Promise<ReadForConclusion> {
  const kind = isAttempt(command) ? 'attempt' : 'payment';
  const payment = await readNow(context, kind, paymentId);
  const attempt = openAttemptOf(command);
  const operation = operationOf(command);
  if (attempt === null || (operation !== 'create' && operation !== 'create_attempt'))
    return { ...NOTHING, payment };
  const others: ObservedPayment[] = [];
  for (const id of await findIdsShown(context.pool, attempt.id))
    if (id !== paymentId) others.push(await readNow(context, kind, id));
  return { ...NOTHING, payment, others };
}

async function readForAbsence(
  context: ConcludeContext,
  command: ConcludableCommand,
  notOurs: readonly string[],
): Promise<ReadForConclusion> {
  const { conomyId, steps, stepsDone, type } = command;
  if (type === 'payment.refund') return { ...NOTHING, refunds: await readRefundsNow(context, conomyId) };
  const operation = steps[stepsDone];
  if (operation === 'create' || operation === 'create_attempt') {
    await awaitScan(context, command, operation);
    const kind = isAttempt(command) ? 'attempt' : 'payment';
    const others: ObservedPayment[] = [];
    for (const id of notOurs) others.push(await readNow(context, kind, id));
    return { ...NOTHING, others };
  }
  return { ...NOTHING, payment: await readNow(context, 'payment', conomyId) };
}

/**
 * The account of a create is scanned whole before anything is ruled out; the first who asks begins that.
 * @throws {RefusedError} `scan_running` until it is over.
 */
async function awaitScan(
  { pool, commands }: ConcludeContext,
  command: ConcludableCommand,
  operation: 'create' | 'create_attempt',
): Promise<void> {
  const attempt = openAttemptOf(command);
  const { externalId, accountNumber, type } = command.asked ?? {};
  if (attempt === null || !externalId || !accountNumber || !type)
    throw new Error(`command ${command.id} has no create to look for`);
  const { id, notBefore } = attempt;
  const scan = await findOperatorScan(pool, id, notBefore);
  if (scan?.counts) return;
  await requestOperatorScan(pool, id, externalId, { operation, accountNumber, type });
  await commands.offer([commandJob(command.id, command.epoch)]);
  const rows = scan?.rows ?? 0;
  throw new RefusedError({
    code: 'scan_running',
    detail: `The account is being searched for the payment; ${rows} rows were read so far. Send the same request again.`,
    more: { rows, notBefore },
  });
}

async function readRefundsNow(
  { provider }: ReadContext,
  conomyId: string | null,
): Promise<ObservedPayment[]> {
  if (conomyId === null) return refuse(NO_ID);
  const listed = await provider.listRefundsOf(conomyId);
  if (!listed.ok) throw new RefusedError(notRead(listed.failure));
  if (!isWholeList(listed.value))
    throw new RefusedError({
      code: 'unavailable',
      detail:
        'Conomy did not list the refunds of the payment whole, so nothing can be ruled out. Try again later.',
    });
  return listed.value.refunds;
}

async function readNow(
  { provider }: ReadContext,
  kind: 'payment' | 'attempt',
  conomyId: string | null,
): Promise<ObservedPayment> {
  if (conomyId === null) return refuse(NO_ID);
  const read = await askFor(provider, { kind, conomyId });
  if (!read.ok) throw new RefusedError(notRead(read.failure));
  return read.value;
}

function isAttempt({ type, paymentKind }: ConcludableCommand): boolean {
  return type === 'payment-attempt.create' || paymentKind === 'attempt';
}

/** What the decision needs to know of what was told. */
export function effectOf(told: ObservedPayment): ToldEffect {
  return { ...told, documentationStatus: documentationStatusOf(told) };
}
