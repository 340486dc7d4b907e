import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { ReadingProcess } from '@capstan/shared/db/scans';
import type { UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import type { Operation } from '@capstan/shared/domain/payment-command';
import { isCaptureTaken, isFinalStatus } from '@capstan/shared/domain/payment-status';
import {
  isAnswered,
  type PaymentProvider,
  type ProviderFailure,
} from '@capstan/shared/provider/payment-provider';
import type { Evidence } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { lookForCreated } from './look-for-created.ts';
import { lookForDocument } from './look-for-document.ts';
import { lookForRefund } from './look-for-refund.ts';
import { readOwn } from './read-own.ts';
import { describeFailure } from './scan-created.ts';

export interface LookOptions {
  /** Nothing was read since the outcome became unknown, or nothing can count yet: it may find and never rules out. */
  isFirst: boolean;
  signal: AbortSignal;
}

/** One read of the provider, or that it is not made yet: the command comes back after `dueMs` at the latest. */
export type Look = MadeLook | { kind: 'waits'; dueMs: number };

/** Made by this process, or by another one for it. */
export interface MadeLook extends ReadingProcess {
  kind: 'read';
  evidence: Evidence;
  /** When its first call began: on the monotonic clock of this process, as far as the database's clock can tell. */
  beganAtMs: number;
}

/** Reads the provider once to see whether an attempt of unknown outcome had its effect. Writes nothing anywhere. */
export async function lookForEffect(
  context: CapturerContext,
  command: ClaimedCommand,
  attempt: UnknownAttempt,
  options: LookOptions,
): Promise<Look> {
  const { operation } = attempt;
  if (operation === 'create' || operation === 'create_attempt') {
    return lookForCreated(context, command, { ...attempt, operation }, options);
  }
  const beganAtMs = context.monotonicMs();
  const evidence = await lookAtPayment(context, command, { ...attempt, operation }, options);
  return { kind: 'read', evidence, beganAtMs, process: context.worker, processMs: beganAtMs };
}

function lookAtPayment(
  context: CapturerContext,
  command: ClaimedCommand,
  attempt: UnknownAttempt & { operation: Exclude<Operation, 'create' | 'create_attempt'> },
  { signal }: LookOptions,
): Promise<Evidence> {
  const { provider } = context;
  switch (attempt.operation) {
    case 'refund':
      return lookForRefund(context, command, attempt, signal);
    case 'submit_document':
      return lookForDocument(context, command, attempt, signal);
    case 'authorize':
    case 'capture':
      return lookForStatus(provider, command, attempt.operation, signal);
  }
}

async function lookForStatus(
  provider: PaymentProvider,
  command: ClaimedCommand,
  operation: 'authorize' | 'capture',
  signal: AbortSignal,
): Promise<Evidence> {
  const read = await readOwn(provider, command, signal);
  if (read.payment === null) return read.evidence;
  const { payment } = read;
  const told = { isWhole: true, payment, detail: { status: payment.status } };
  if (isCaptureTaken(payment.status)) return { ...told, finding: 'found' };
  if (payment.status === 'AUTHORIZED' && operation === 'authorize') return { ...told, finding: 'found' };
  if (payment.status === 'CREATED' || payment.status === 'AUTHORIZED') return { ...told, finding: 'absent' };
  if (isFinalStatus(payment.status)) return { ...told, finding: 'closed' };
  if (payment.status === 'REQUIRES_REVIEW') return { ...told, finding: 'held' };
  return { ...told, finding: 'inconclusive' };
}

export function inconclusive(failure: ProviderFailure): Evidence {
  const detail = describeFailure(failure);
  return { finding: 'inconclusive', isWhole: false, payment: null, detail, answered: isAnswered(failure) };
}
