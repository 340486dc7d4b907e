import { queueBackend } from '@capstan/shared/queue/backend';
import { keepOpen } from '@capstan/shared/queue/keep-open';
import type { Logger } from '@capstan/shared/telemetry/logger';
import type { Job, Queue, Worker } from 'bullmq';
import type { CommandIntake } from '../command-intake.ts';
import { acceptInboxJob } from './accept-inbox-job.ts';
import { withoutText } from './without-text.ts';

/** The queue any BullMQ producer may add commands to, with BullMQ's own prefix `bull` and schema `bullmq`. */
export const INBOX_QUEUE = 'capstan-inbox';

/** The queue door: upstream adds jobs, each is accepted or refused as the same command over HTTP would be. */
export interface Inbox {
  /** Takes jobs from now on, also from a queue that comes up later. Called once. */
  serve(intake: CommandIntake): void;
  isUp(): boolean;
  /** For the queue board; null until the queue was reached. */
  queue(): Queue | null;
  /** Takes no more jobs, gives back those that wait for PostgreSQL and waits for the others. */
  close(): Promise<void>;
}

/** Jobs in hand at a time; those that meet share a commit. */
const CONCURRENCY = 20;
const RETRY_MS = 1_000;
/**
 * A stall is a lock that ran out: the process died, or the queue was away. BullMQ fails a job that stalls more often,
 * and no outage should do that to a producer's job; without any limit a job that kills its process would do so for ever.
 */
const STALLS_MAX = 20;

export function openInbox(queueUrl: string, log: Logger): Inbox {
  const backend = queueBackend(queueUrl);
  const closing = new AbortController();
  const board = keepOpen<Queue>(
    backend,
    `board of ${INBOX_QUEUE}`,
    // The queue's settings are its producers': looking at it must not overwrite them.
    () =>
      new backend.classes.Queue(INBOX_QUEUE, {
        connection: backend.sending as never,
        skipMetasUpdate: true,
      }) as unknown as Queue,
    log,
    withoutText,
  );
  const openWorker = (intake: CommandIntake) => {
    const context = { intake, log, closing: closing.signal, retryMs: RETRY_MS };
    const process = (job: Job, token?: string) => acceptInboxJob(context, job, token);
    return keepOpen<Worker>(
      backend,
      `worker of ${INBOX_QUEUE}`,
      () =>
        new backend.classes.Worker(INBOX_QUEUE, process, {
          connection: backend.working as never,
          concurrency: CONCURRENCY,
          lockDuration: 15_000,
          stalledInterval: 5_000,
          maxStalledCount: STALLS_MAX,
          runRetryDelay: 1_000,
        }) as unknown as Worker,
      log,
      withoutText,
    );
  };
  let worker: ReturnType<typeof openWorker> | null = null;
  return {
    serve: (intake) => {
      worker ??= openWorker(intake);
    },
    isUp: () => worker?.current()?.isRunning() ?? false,
    queue: () => board.current(),
    close: async () => {
      closing.abort();
      await worker?.close();
      await board.close();
    },
  };
}
