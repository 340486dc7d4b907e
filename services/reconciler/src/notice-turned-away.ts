import { endDiscrepanciesOf, openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { takeTaken, takeTurnedAway } from '@capstan/shared/db/failed-writes';
import { CAPSTAN_ITSELF } from '@capstan/shared/db/pauses';
import { inTransaction } from '@capstan/shared/db/transaction';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import type { ReconcilerContext } from './context.ts';

const TAKEN_MAX = 200;

/**
 * Tells of commands whose writes Conomy has turned away for too long without anybody being able to say why, each once, and
 * takes it back when that is over.
 * @returns whether there may be more at once.
 */
export async function noticeTurnedAway({ pool, log }: ReconcilerContext): Promise<boolean> {
  const told = await inTransaction(pool, async (tx) => {
    const taken = await takeTurnedAway(tx, TAKEN_MAX);
    for (const { commandId, paymentKey, conomyId, since } of taken) {
      const value = { commandId, turnedAwaySince: since.toISOString() };
      await openDiscrepancy(tx, {
        kind: 'write_turned_away',
        paymentKey,
        conomyId,
        mirror: { value, readAt: since },
        provider: { value, readAt: null },
        cause: DISCREPANCIES.write_turned_away.cause,
      });
    }
    return taken;
  });
  for (const { commandId, paymentKey } of told)
    log.error(
      { event: 'command.turned_away', commandId, paymentKey },
      'the writes of a command have been turned away for 15 minutes',
    );
  const over = await inTransaction(pool, async (tx) => {
    const keys = await takeTaken(tx, TAKEN_MAX);
    await endDiscrepanciesOf(tx, keys, ['write_turned_away'], {
      status: 'explained',
      by: CAPSTAN_ITSELF,
      reason: 'Conomy has taken or refused the write since, or the command has ended.',
    });
    return keys;
  });
  return told.length === TAKEN_MAX || over.length === TAKEN_MAX;
}
