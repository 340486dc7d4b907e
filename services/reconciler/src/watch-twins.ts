import { findUnwatchedTwins, type UnwatchedTwin } from '@capstan/shared/db/discrepancies';
import { describeFault } from '@capstan/shared/db/item-faults';
import { findPayment } from '@capstan/shared/db/payments';
import { isItemsFault } from '@capstan/shared/db/sqlstates';
import { askFor } from '@capstan/shared/mirror/read-payment';
import type { ReconcilerContext } from './context.ts';
import { openUnmirrored } from './unmirrored.ts';

const READ_AFTER_MS = 3_600_000;
const READ_MAX = 20;

/**
 * Reads open twins again: nobody mirrors them, and one that leaves CREATED may be money taken twice, whether or not a
 * delivery says so. Several reconcilers may ask at once, which costs a read and nothing else.
 * @returns false: every twin that is due was asked for, or the provider is away.
 */
export async function watchTwins(context: ReconcilerContext): Promise<false> {
  for (let after: UnwatchedTwin['place'] | null = null; ; ) {
    const twins = await findUnwatchedTwins(context.pool, {
      after,
      afterMs: READ_AFTER_MS,
      limit: READ_MAX,
    });
    for (const twin of twins) {
      if (context.gate.awayMs() !== null) return false;
      await watchTwin(context, twin).catch((error: unknown) => passBy(context, twin, error));
    }
    after = twins.at(-1)?.place ?? null;
    if (twins.length < READ_MAX) return false;
  }
}

/** What fails by the twin itself holds up none behind it either. */
function passBy({ log }: ReconcilerContext, { paymentKey, conomyId }: UnwatchedTwin, error: unknown): void {
  if (!isItemsFault(error)) throw error;
  log.error(
    { event: 'twin.not_kept', paymentKey, conomyId, fault: describeFault(error) },
    'what was read of the twin of a payment could not be kept',
  );
}

/** One that cannot be read holds up none behind it, and is asked for in the next pass. */
async function watchTwin(
  { pool, provider, log }: ReconcilerContext,
  { paymentKey, conomyId }: UnwatchedTwin,
): Promise<void> {
  const read = await askFor(provider, { kind: 'payment', conomyId });
  if (!read.ok) {
    log.warn(
      { event: 'twin.not_read', paymentKey, conomyId, reason: read.failure.reason },
      'the twin of a payment could not be read',
    );
    return;
  }
  const namesake = paymentKey === null ? null : await findPayment(pool, paymentKey);
  await openUnmirrored(pool, 'twin', { told: read.value, namesake });
  if (read.value.status !== 'CREATED')
    log.error(
      { event: 'twin.moved', paymentKey, conomyId, status: read.value.status },
      `the twin of a payment is ${read.value.status}`,
    );
}
