import { takeDueCommands } from '@capstan/shared/db/commands';
import { takeDueDeliveries } from '@capstan/shared/db/deliveries';
import { takeDueReads } from '@capstan/shared/db/payments';
import {
  commandJob,
  deliveryJob,
  type Offer,
  type QueueKey,
  RELAY_GRACE_MS,
  readJob,
} from '@capstan/shared/queue/catalogue';
import type { ReconcilerContext } from './context.ts';

/** Jobs of one kind put into the queue in one pass at most. */
const OFFERS_MAX = 1_000;
/**
 * A queue this young was emptied just now: what is due has no job, so pass follows upon pass. Later a due row as a rule
 * has a job that only waits in a long line, and one pass per interval is enough.
 */
const REBUILDING_MS = 120_000;

/**
 * Puts back the job of every row that is due and has none: commands, deliveries and reads whose direct offer was
 * lost, whose worker died, or whose time has come. Several relays may run at once: each takes other rows.
 * @returns whether there may be more to do at once.
 */
export async function relayJobs(context: ReconcilerContext): Promise<boolean> {
  const full = await Promise.all([
    relay(context, 'commands', async (limit) =>
      (await takeDueCommands(context.pool, limit, RELAY_GRACE_MS)).map(({ id, epoch }) =>
        commandJob(id, epoch),
      ),
    ),
    relay(context, 'deliveries', async (limit) =>
      (await takeDueDeliveries(context.pool, limit, RELAY_GRACE_MS)).map(({ id, timesReceived }) =>
        deliveryJob(id, timesReceived),
      ),
    ),
    relay(context, 'reads', async (limit) =>
      (await takeDueReads(context.pool, limit, RELAY_GRACE_MS)).map(({ key, version, reads }) =>
        readJob(key, version, reads),
      ),
    ),
  ]);
  return full.includes(true);
}

async function relay<K extends QueueKey>(
  context: ReconcilerContext,
  kind: K,
  take: (limit: number) => Promise<Offer<K>[]>,
): Promise<boolean> {
  const sender = context.senders[kind];
  const ageMs = await sender.generationAgeMs();
  // While the queue is away the rows stay due as they are.
  if (ageMs === null) return false;
  if (ageMs === 0) logNewQueue(context, kind);
  const offers = await take(OFFERS_MAX);
  if (offers.length === 0) return false;
  await sender.dropFinished();
  const taken = await sender.offer(offers);
  context.log.info(
    { event: 'jobs.relayed', kind, count: offers.length, taken },
    `relayed ${offers.length} ${kind}`,
  );
  return taken && offers.length === OFFERS_MAX && ageMs < REBUILDING_MS;
}

function logNewQueue({ log }: ReconcilerContext, kind: QueueKey): void {
  log.warn(
    { event: 'queue.begun', kind },
    `the queue of ${kind} is new or was emptied; nothing is lost, every job that is due is put in again`,
  );
}
