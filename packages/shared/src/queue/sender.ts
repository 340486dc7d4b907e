import type { JobsOptions, Queue } from 'bullmq';
import type { Logger } from '../telemetry/logger.ts';
import { queueBackend } from './backend.ts';
import { type Offer, QUEUES, type QueueKey } from './catalogue.ts';
import { dropFinishedJobs, readGenerationAge } from './generation.ts';
import { keepOpen } from './keep-open.ts';

/** Puts jobs into one queue. */
export interface QueueSender<K extends QueueKey> {
  /**
   * Offers jobs; false when the queue did not take them within a second. That is never an error: the rows stay
   * due in the tables and the relay offers them again.
   */
  offer(offers: readonly Offer<K>[]): Promise<boolean>;
  /** Asks the queue; false when it does not answer within a second. */
  isUp(): Promise<boolean>;
  /** BullMQ's own object for the queue board; null until the queue was reached. */
  queue(): Queue | null;
  close(): Promise<void>;
}

/** What the relay needs besides. */
export interface RelaySender<K extends QueueKey> extends QueueSender<K> {
  /**
   * How long the queue has been as it is, in milliseconds: since it was new or found emptied. Null when it does not
   * answer within a second.
   */
  generationAgeMs(): Promise<number | null>;
  /** Removes finished jobs, which would swallow offers with their ids. Never rejects. */
  dropFinished(): Promise<void>;
}

/** A queue that does not answer by then counts as down. */
const ANSWER_MS_MAX = 1_000;

/**
 * Finished jobs leave no trace: what happened is in the tables, and a kept job would swallow the next one with
 * its id. The queue's own retries only cover an unreachable database; they decide nothing about money.
 */
const JOB_OPTIONS: JobsOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: true,
  stackTraceLimit: 5,
  sizeLimit: 1_024,
};

export function openSender<K extends QueueKey>(key: K, queueUrl: string, log: Logger): RelaySender<K> {
  const backend = queueBackend(queueUrl);
  const kept = keepOpen<Queue>(
    backend,
    `sender of ${QUEUES[key].name}`,
    () =>
      new backend.classes.Queue(QUEUES[key].name, {
        connection: backend.sending as never,
        defaultJobOptions: JOB_OPTIONS,
        streams: { events: { maxLen: 1_000 } },
      }) as unknown as Queue,
    log,
  );
  return {
    offer: async (offers) => {
      if (offers.length === 0) return true;
      const queue = kept.current();
      return queue !== null && add(queue, key, offers);
    },
    isUp: async () => {
      const queue = kept.current();
      return queue !== null && succeedsInTime(queue.isPaused());
    },
    generationAgeMs: async () => {
      const queue = kept.current();
      return queue === null ? null : answerInTime(readGenerationAge(queue));
    },
    dropFinished: async () => {
      const queue = kept.current();
      if (queue !== null) await answerInTime(dropFinishedJobs(queue));
    },
    queue: () => kept.current(),
    close: () => kept.close(),
  };
}

function add<K extends QueueKey>(queue: Queue, key: K, offers: readonly Offer<K>[]): Promise<boolean> {
  const jobs = offers.map(({ id, data, delayMs = 0 }) => ({
    name: key,
    data,
    opts: { jobId: id, ...(delayMs > 0 ? { delay: delayMs } : {}) },
  }));
  // An add that hangs may still run later; then the job is there twice or early, which claims make harmless.
  return succeedsInTime(queue.addBulk(jobs));
}

async function succeedsInTime(request: Promise<unknown>): Promise<boolean> {
  return (await answerInTime(request.then(() => true))) ?? false;
}

/** Null when the queue refuses or does not answer in time. */
async function answerInTime<T>(request: Promise<T>): Promise<T | null> {
  const timeout = Promise.withResolvers<null>();
  const timer = setTimeout(() => timeout.resolve(null), ANSWER_MS_MAX);
  const inTime = await Promise.race([request.catch(() => null), timeout.promise]);
  clearTimeout(timer);
  return inTime;
}
