import { deferRead, findPayment, type PaymentRow } from '@capstan/shared/db/payments';
import { readMirroredPayment } from '@capstan/shared/mirror/read-payment';
import type { JobData } from '@capstan/shared/queue/catalogue';
import { backoffMs } from '@capstan/shared/retry/backoff';
import type { ReconcilerContext } from './context.ts';

/** Carries out one due read. Payments are read until they are final, so that each closes without a single webhook. */
export async function readPayment(context: ReconcilerContext, job: JobData<'reads'>): Promise<void> {
  const before = await findPayment(context.pool, job.paymentKey);
  if (before === null || !isBound(before) || isOutdated(job, before)) return;
  const awayMs = context.gate.awayMs();
  if (awayMs !== null) return deferRead(context.pool, before.key, awayMs);
  const failure = await readMirroredPayment({ ...context, reads: context.senders.reads }, before);
  if (failure === null) return;
  const waitMs = failure.retryAfterMs ?? backoffMs(before.reads + 1, context.random());
  await deferRead(context.pool, before.key, waitMs);
}

function isBound(payment: PaymentRow): payment is PaymentRow & { conomyId: string } {
  return payment.conomyId !== null;
}

/** The mirror moved, or the payment was read, after this job was made: another job stands for what is due now. */
function isOutdated(job: JobData<'reads'>, payment: PaymentRow): boolean {
  return payment.version !== job.version || payment.reads > job.reads;
}
