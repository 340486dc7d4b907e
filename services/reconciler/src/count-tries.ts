import { countDeliveryTry } from '@capstan/shared/db/deliveries';
import { describeFault, isItemsFault, TRIES_MAX } from '@capstan/shared/db/item-faults';
import { countReadFault } from '@capstan/shared/db/payments';
import type { ReconcilerContext } from './context.ts';

/** A row that work is done on. */
export interface TriedItem {
  kind: 'delivery' | 'read';
  /** Of the delivery, or our key of the payment. */
  id: string;
}

/**
 * Does work on one row, and counts on the row when it fails by the row itself. After {@link TRIES_MAX} tries a delivery is set aside
 * until it is received again, and a payment is read with growing waits of up to a day, until a read can be applied. Trouble of
 * the database or the provider counts for nothing: the error goes on to the queue, and the row stays due.
 */
export async function countTries(
  context: Pick<ReconcilerContext, 'pool' | 'log'>,
  item: TriedItem,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isItemsFault(error)) throw error;
    const tries = await count(context, item, describeFault(error));
    const isSetAside = tries >= TRIES_MAX;
    context.log[isSetAside ? 'error' : 'warn'](
      { event: isSetAside ? 'item.unreadable' : 'item.failed', ...item, tries, err: error },
      isSetAside
        ? `a ${item.kind} is set aside after ${tries} tries`
        : `a ${item.kind} failed; it is tried again`,
    );
  }
}

function count({ pool }: Pick<ReconcilerContext, 'pool'>, { kind, id }: TriedItem, failure: string) {
  switch (kind) {
    case 'delivery':
      return countDeliveryTry(pool, id, failure);
    case 'read':
      return countReadFault(pool, id);
  }
}
