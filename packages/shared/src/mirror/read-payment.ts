import type { Announcer } from '../db/announcements.ts';
import { lockPayment, type PaymentRow } from '../db/payments.ts';
import type { Pool } from '../db/pool.ts';
import { inTransaction } from '../db/transaction.ts';
import { aboutPayment } from '../provider/about-payment.ts';
import type {
  CallOptions,
  ObservedPayment,
  PaymentProvider,
  ProviderFailure,
  ProviderResult,
} from '../provider/payment-provider.ts';
import type { QueueSender } from '../queue/sender.ts';
import type { Logger } from '../telemetry/logger.ts';
import { adoptCompanions, placeToldRefund } from './adopt-payment.ts';
import { factsOf, observePayment } from './observe-payment.ts';

export interface ReadContext {
  pool: Pool;
  provider: PaymentProvider;
  /** Takes the job of the next read. */
  reads: QueueSender<'reads'>;
  progress: Announcer;
  log: Logger;
  /** In [0, 1). */
  random: () => number;
}

/**
 * Asks Conomy for one mirrored payment and lets the answer decide the mirror: one call, and one commit when it was
 * answered. The failure when it was not; then nothing is written.
 */
export async function readMirroredPayment(
  context: ReadContext,
  before: PaymentRow & { conomyId: string },
  options?: CallOptions,
): Promise<ProviderFailure | null> {
  const read = await askFor(context.provider, before, options);
  if (read.ok) {
    await adoptCompanions(context, companionsOf(read.value));
    await applyRead(context, before, read.value);
    return null;
  }
  const { stage, reason } = read.failure;
  context.log.info(
    { event: 'payment.read_failed', paymentKey: before.key, conomyId: before.conomyId, stage, reason },
    `read failed: ${reason}`,
  );
  return read.failure;
}

function companionsOf({ raw }: ObservedPayment): string[] {
  return [raw.relatedPaymentId, raw.childPaymentId].filter(
    (id): id is string => typeof id === 'string' && id !== '',
  );
}

/** One read under the path where Conomy serves this kind. */
export function askFor(
  provider: PaymentProvider,
  { kind, conomyId }: Pick<PaymentRow, 'kind'> & { conomyId: string },
  options?: CallOptions,
): Promise<ProviderResult<ObservedPayment>> {
  const reading =
    kind === 'attempt' ? provider.readAttempt(conomyId, options) : provider.readPayment(conomyId, options);
  return aboutPayment(conomyId, reading);
}

async function applyRead(context: ReadContext, before: PaymentRow, told: ObservedPayment): Promise<void> {
  const observed = await inTransaction(context.pool, async (tx) => {
    if (before.parentKey === null) await placeToldRefund(tx, told);
    const payment = await lockPayment(tx, before.key);
    if (payment === null) return null;
    const facts = {
      ...factsOf(told),
      source: 'read' as const,
      sourceId: null,
      askedAtVersion: before.version,
      askedAtAgeMs: before.ageMs,
    };
    return observePayment(tx, payment, facts, context.random());
  });
  if (observed === null) return;
  const { move, discrepancies } = observed;
  const level = discrepancies.length > 0 ? 'error' : 'info';
  context.log[level](
    {
      event: 'payment.read',
      paymentKey: before.key,
      conomyId: before.conomyId,
      from: before.status,
      status: told.status,
      result: move.kind,
      discrepancies,
      reads: before.reads + 1,
    },
    `read ${told.status}: ${move.kind}`,
  );
  context.progress.announce(before.key);
  if (observed.read !== null) await context.reads.offer([observed.read]);
}
