import { findUnwatchedTwins } from '@capstan/shared/db/discrepancies';
import { findPayment } from '@capstan/shared/db/payments';
import { askFor } from '@capstan/shared/mirror/read-payment';
import type { ReconcilerContext } from './context.ts';
import { openUnmirrored } from './unmirrored.ts';

const READ_AFTER_MS = 3_600_000;
const READ_MAX = 20;

/**
 * Reads open twins again: nobody mirrors them, and one that leaves CREATED may be money taken twice, whether or not a
 * delivery says so. Several reconcilers may ask at once, which costs a read and nothing else.
 * @returns whether there may be more at once.
 */
export async function watchTwins({ pool, provider, gate, log }: ReconcilerContext): Promise<boolean> {
  if (gate.awayMs() !== null) return false;
  const twins = await findUnwatchedTwins(pool, { afterMs: READ_AFTER_MS, limit: READ_MAX });
  for (const { paymentKey, conomyId } of twins) {
    const read = await askFor(provider, { kind: 'payment', conomyId });
    // What cannot be read now is asked for in the next pass.
    if (!read.ok) return false;
    const namesake = paymentKey === null ? null : await findPayment(pool, paymentKey);
    await openUnmirrored(pool, 'twin', { told: read.value, namesake });
    if (read.value.status !== 'CREATED')
      log.error(
        { event: 'twin.moved', paymentKey, conomyId, status: read.value.status },
        `the twin of a payment is ${read.value.status}`,
      );
  }
  return twins.length === READ_MAX;
}
