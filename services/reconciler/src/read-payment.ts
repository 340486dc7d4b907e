import { deferRead, findPayment, lockPayment, type PaymentRow } from '@capstan/shared/db/payments';
import { inTransaction } from '@capstan/shared/db/transaction';
import { observePayment } from '@capstan/shared/mirror/observe-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { JobData } from '@capstan/shared/queue/catalogue';
import { backoffMs } from '@capstan/shared/retry/backoff';
import type { ReconcilerContext } from './context.ts';

/**
 * Asks Conomy for one payment and lets the answer decide the mirror. Payments are read until they are final, so
 * that each of them closes without a single webhook.
 */
export async function readPayment(context: ReconcilerContext, job: JobData<'reads'>): Promise<void> {
  const before = await findPayment(context.pool, job.paymentKey);
  if (before === null || before.conomyId === null || isOutdated(job, before)) return;
  const read = await context.provider.readPayment(before.conomyId);
  if (read.ok) return applyRead(context, before, read.value);
  const { stage, reason, retryAfterMs } = read.failure;
  context.log.info(
    { event: 'payment.read_failed', paymentKey: before.key, conomyId: before.conomyId, stage, reason },
    `read failed: ${reason}`,
  );
  await deferRead(context.pool, before.key, retryAfterMs ?? backoffMs(before.reads + 1, context.random()));
}

/** The mirror moved, or the payment was read, after this job was made: another job stands for what is due now. */
function isOutdated(job: JobData<'reads'>, payment: PaymentRow): boolean {
  return payment.version !== job.version || payment.reads > job.reads;
}

async function applyRead(
  context: ReconcilerContext,
  before: PaymentRow,
  told: ObservedPayment,
): Promise<void> {
  const observed = await inTransaction(context.pool, async (tx) => {
    const payment = await lockPayment(tx, before.key);
    // The mirror moved while the answer was under way: which of the two is newer cannot be told. The move has
    // scheduled a read of its own.
    if (payment === null || payment.version !== before.version) return null;
    const { status, totalAmount, currency, id: conomyId, raw: snapshot } = told;
    const facts = {
      source: 'read' as const,
      status,
      conomyId,
      totalAmount,
      currency,
      snapshot,
      sourceId: null,
    };
    return observePayment(tx, payment, facts, context.random());
  });
  if (observed === null) return;
  const { move } = observed;
  const level = move.kind === 'alarm' ? 'error' : 'info';
  context.log[level](
    {
      event: 'payment.read',
      paymentKey: before.key,
      conomyId: before.conomyId,
      from: before.status,
      status: told.status,
      result: move.kind,
      reads: before.reads + 1,
    },
    `read ${told.status}: ${move.kind}`,
  );
  context.progress.announce(before.key);
  if (observed.read !== null) await context.senders.reads.offer([observed.read]);
}
