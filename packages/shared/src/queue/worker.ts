import { type Job, UnrecoverableError, type Worker } from 'bullmq';
import type { Logger } from '../telemetry/logger.ts';
import { queueBackend } from './backend.ts';
import { type JobData, QUEUES, type QueueKey } from './catalogue.ts';
import { keepOpen } from './keep-open.ts';

export interface QueueWorker {
  isUp(): boolean;
  /** Takes no more jobs and waits for those under way. */
  close(): Promise<void>;
}

export interface QueueWorkerOptions<K extends QueueKey> {
  key: K;
  queueUrl: string;
  concurrency: number;
  log: Logger;
  /** Must be safe to run twice and at once with itself: the queue promises nothing. */
  work: (data: JobData<K>) => Promise<void>;
}

/**
 * Runs `work` for each job. A job that throws is tried again by the queue a few times and then dropped; the
 * row it stands for stays due, so the relay brings it back. Neither that nor a stall decides anything: the
 * state of a command is in its row alone.
 */
export function openWorker<K extends QueueKey>(options: QueueWorkerOptions<K>): QueueWorker {
  const { key, queueUrl, concurrency, log, work } = options;
  const backend = queueBackend(queueUrl);
  const process = async (job: Job) => {
    const data = QUEUES[key].data.safeParse(job.data);
    if (!data.success) {
      log.error(
        { event: 'job.unreadable', queue: QUEUES[key].name, jobId: job.id },
        'dropped a job that does not follow its contract',
      );
      throw new UnrecoverableError('the job does not follow its contract');
    }
    await work(data.data as JobData<K>);
  };
  const kept = keepOpen<Worker>(
    backend,
    `worker of ${QUEUES[key].name}`,
    () => {
      const worker = new backend.classes.Worker(QUEUES[key].name, process, {
        connection: backend.working as never,
        concurrency,
        lockDuration: 15_000,
        stalledInterval: 5_000,
        maxStalledCount: 5,
        runRetryDelay: 1_000,
      }) as unknown as Worker;
      worker.on('failed', (job, error) => {
        log.warn(
          { event: 'job.failed', queue: QUEUES[key].name, jobId: job?.id, err: error },
          'a job failed; its row stays due',
        );
      });
      return worker;
    },
    log,
  );
  return { isUp: () => kept.current()?.isRunning() ?? false, close: () => kept.close() };
}
