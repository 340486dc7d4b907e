import { z } from 'zod';

/**
 * Every queue of our own: its name, what a job carries and how long a try may take. Jobs carry ids and never
 * payloads; each can be rebuilt from the tables. A member that a newer release added is no fault to an older one, so both
 * may run side by side. The braces are a Redis Cluster hash tag.
 */
export const QUEUES = {
  /** One job per runnable command; the capturer executes its steps. */
  commands: {
    name: '{capstan-commands}',
    data: z.object({ commandId: z.uuid(), epoch: z.int().min(0) }),
  },
  /** One job per stored webhook delivery; the reconciler applies it. */
  deliveries: {
    name: '{capstan-deliveries}',
    data: z.object({ deliveryId: z.uuid(), timesReceived: z.int().min(1) }),
  },
  /** One job per due read of a payment; the reconciler asks Conomy. */
  reads: {
    name: '{capstan-reads}',
    data: z.object({ paymentKey: z.uuid(), version: z.int().min(0), reads: z.int().min(0) }),
  },
} as const;

export type QueueKey = keyof typeof QUEUES;
export type JobData<K extends QueueKey> = z.infer<(typeof QUEUES)[K]['data']>;

/**
 * A job to be put into a queue. The same state of the same row always has the same id, so offering it twice adds one job.
 * A delayed job has an id of its own: it is due by the clock of whoever put it in, and where that clock is ahead, it must
 * not stand in the way of the relay, which goes by the database's.
 */
export interface Offer<K extends QueueKey> {
  id: string;
  data: JobData<K>;
  delayMs?: number;
}

/** The job of a command that stands at `epoch`: once claimed the epoch rises and the next job has another id. */
export function commandJob(commandId: string, epoch: number, delayMs = 0): Offer<'commands'> {
  return { id: jobId(`${commandId}-${epoch}`, delayMs), data: { commandId, epoch }, delayMs };
}

export function deliveryJob(deliveryId: string, timesReceived: number): Offer<'deliveries'> {
  return { id: `${deliveryId}-${timesReceived}`, data: { deliveryId, timesReceived } };
}

export function readJob(paymentKey: string, version: number, reads: number, delayMs = 0): Offer<'reads'> {
  return {
    id: jobId(`${paymentKey}-${version}-${reads}`, delayMs),
    data: { paymentKey, version, reads },
    delayMs,
  };
}

function jobId(state: string, delayMs: number): string {
  return delayMs > 0 ? `${state}-later` : state;
}

/** Longer waits than this stay in the tables and are offered by the relay when due; shorter ones are delayed jobs. */
export const DIRECT_OFFER_MS_MAX = 5_000;
/**
 * How long an offered job may take to be picked up before the relay offers it again. Too short costs little: a job
 * that still waits in the queue has the same id and is not added twice.
 */
export const RELAY_GRACE_MS = 5_000;
