import { describeFault, TRIES_MAX } from '../db/item-faults.ts';
import { isItemsFault } from '../db/sqlstates.ts';
import type { Logger } from '../telemetry/logger.ts';

/** A row that work is done on. */
export interface TriedItem {
  kind: 'command' | 'delivery' | 'read' | 'push';
  /** Of the command or delivery, or our key of the payment that is read or whose event is pushed. */
  id: string;
}

/**
 * Does work on one row. When it fails by the row itself, `count` notes that on the row, which is then due later, and after
 * {@link TRIES_MAX} tries set aside. Trouble of the database counts for nothing: the error goes on to the queue, and the row stays
 * due; trouble of the provider is no error.
 */
export async function countTries(
  log: Logger,
  item: TriedItem,
  work: () => Promise<void>,
  count: (failure: string) => Promise<number>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isItemsFault(error)) throw error;
    const tries = await count(describeFault(error));
    const isSetAside = tries >= TRIES_MAX;
    log[isSetAside ? 'error' : 'warn'](
      { event: isSetAside ? 'item.unreadable' : 'item.failed', ...item, tries, err: error },
      isSetAside
        ? `a ${item.kind} is set aside after ${tries} tries`
        : `a ${item.kind} failed; it is tried again`,
    );
  }
}
