import { commitInHalves } from '@capstan/shared/db/commit-in-halves';
import { type NewDelivery, type StoredDelivery, storeDeliveries } from '@capstan/shared/db/deliveries';
import type { Pool } from '@capstan/shared/db/pool';
import type { Verification } from '@capstan/shared/provider/conomy/signature';
import { readDelivery } from '@capstan/shared/provider/conomy/webhook';
import { deliveryJob, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import type { QueueSender } from '@capstan/shared/queue/sender';
import { v7 as newId } from 'uuid';
import { batchCalls } from './batch-calls.ts';

/** A webhook whose signature was verified. */
export type VerifiedDelivery = Omit<Extract<Verification, { verified: true }>, 'verified' | 'secretIndex'>;

/** Commits verified deliveries; the same message again is counted on the row it already has. */
export type DeliveryStore = (delivery: VerifiedDelivery) => Promise<StoredDelivery>;

/** Deliveries that share one commit; more wait for the next. */
const SHARED_MAX = 500;

/** Deliveries that come at the same time share their commit, and their jobs one command to the queue. */
export function createDeliveryStore(pool: Pool, deliveries: QueueSender<'deliveries'>): DeliveryStore {
  return batchCalls(async (verified: VerifiedDelivery[]) => {
    const stored = await storeVerified(pool, verified);
    // Not waited for: the deliveries are committed, and the relay covers a queue that is down.
    void deliveries.offer(stored.map(({ id, timesReceived }) => deliveryJob(id, timesReceived)));
    return stored;
  }, SHARED_MAX);
}

/**
 * One commit for all; one result for each, in order. What PostgreSQL refuses is stored without what was read from it: the message
 * itself it always takes, and whoever applies it reads it again.
 */
export function storeVerified(pool: Pool, verified: readonly VerifiedDelivery[]): Promise<StoredDelivery[]> {
  const store = (rows: readonly NewDelivery[]) => storeDeliveries(pool, rows, RELAY_GRACE_MS);
  return commitInHalves(verified.map(toRow), store, async (row) => {
    const [stored] = await store([
      { ...row, event: 'unnamed', conomyId: null, externalId: null, status: null },
    ]);
    if (!stored) throw new Error('a delivery was not stored');
    return stored;
  });
}

function toRow({ covered, signature, form, payload }: VerifiedDelivery): NewDelivery {
  const { event, conomyId, externalId, status } = readDelivery(payload);
  return {
    id: newId(),
    covered,
    signature,
    form,
    event,
    conomyId: conomyId ?? null,
    externalId: externalId ?? null,
    status: status ?? null,
  };
}
