import { commitInHalves } from '@capstan/shared/db/commit-in-halves';
import { endDiscrepanciesOf, openDiscrepancy } from '@capstan/shared/db/discrepancies';
import {
  findTaken,
  findTurnedAway,
  putOffTurnedAway,
  type TurnedAway,
  takeTaken,
  takeTurnedAway,
} from '@capstan/shared/db/failed-writes';
import { describeFault } from '@capstan/shared/db/item-faults';
import { CAPSTAN_ITSELF } from '@capstan/shared/db/pauses';
import type { Pool } from '@capstan/shared/db/pool';
import { inTransaction } from '@capstan/shared/db/transaction';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import type { ReconcilerContext } from './context.ts';

const TAKEN_MAX = 200;

/**
 * Tells of commands whose writes Conomy has turned away for too long without anybody being able to say why, each once, and
 * takes it back when that is over. One of which PostgreSQL refuses to keep that leaves nobody else untold.
 * @returns whether there may be more at once.
 */
export async function noticeTurnedAway(context: ReconcilerContext): Promise<boolean> {
  const told = await tellTurnedAway(context);
  const over = await takeBack(context);
  return told === TAKEN_MAX || over === TAKEN_MAX;
}

/** @returns how many commands were due. */
async function tellTurnedAway({ pool, log }: ReconcilerContext): Promise<number> {
  const due = await findTurnedAway(pool, TAKEN_MAX);
  await commitInHalves(
    due,
    async (ids) => {
      for (const { commandId, paymentKey } of await openTurnedAway(pool, ids))
        log.error(
          { event: 'command.turned_away', commandId, paymentKey },
          'the writes of a command have been turned away for 15 minutes',
        );
      return [];
    },
    async (commandId, refusal) => {
      await putOffTurnedAway(pool, commandId);
      log.error(
        { event: 'command.turned_away_refused', commandId, fault: describeFault(refusal) },
        'the writes of a command have been turned away, and no discrepancy could be opened; it is tried again later',
      );
    },
  );
  return due.length;
}

function openTurnedAway(pool: Pool, ids: readonly string[]): Promise<TurnedAway[]> {
  return inTransaction(pool, async (tx) => {
    const taken = await takeTurnedAway(tx, ids);
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
}

/** @returns how many were taken back; one that is refused is asked for again in the next pass. */
async function takeBack({ pool, log }: ReconcilerContext): Promise<number> {
  const over = await commitInHalves<string, string | null>(
    await findTaken(pool, TAKEN_MAX),
    (ids) =>
      inTransaction(pool, async (tx) => {
        const keys = await takeTaken(tx, ids);
        await endDiscrepanciesOf(tx, keys, ['write_turned_away'], {
          status: 'explained',
          by: CAPSTAN_ITSELF,
          reason: 'Conomy has taken or refused the write since, or the command has ended.',
        });
        return keys;
      }),
    (commandId, refusal) => {
      log.error(
        { event: 'command.turned_away_refused', commandId, fault: describeFault(refusal) },
        'the writes of a command are turned away no more, and its discrepancy could not be ended',
      );
      return null;
    },
  );
  return over.filter((key) => key !== null).length;
}
