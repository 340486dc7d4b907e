import type { Queue } from 'bullmq';

/**
 * The mark of a queue's generation: a job that nobody works on, put in when the queue is found without it. Where it is
 * gone, everything that was put in before is gone as well; where it stands, a job that is late is only late.
 */
export const GENERATION_MARK = 'generation';
/** Never due in the life of a release. BullMQ keeps due instants up to the year 2039. */
const MARK_DELAY_MS = 5 * 365 * 24 * 60 * 60 * 1_000;

/** Milliseconds since the queue's generation began, by this machine's clock; 0 when it begins with this look. */
export async function readGenerationAge(queue: Queue): Promise<number> {
  const mark = await queue.getJob(GENERATION_MARK);
  // At least 1, also where the clock that put it in is ahead: 0 means new.
  if (mark) return Math.max(1, Date.now() - mark.timestamp);
  await queue.add(GENERATION_MARK, {}, { jobId: GENERATION_MARK, delay: MARK_DELAY_MS });
  return 0;
}

const FINISHED_MAX = 10_000;

/**
 * Removes jobs that are kept although they are over. Ours are never kept: these are left by other settings or by
 * hand, and as long as they stay, a job with the same id is not taken in.
 */
export async function dropFinishedJobs(queue: Queue): Promise<void> {
  await queue.clean(0, FINISHED_MAX, 'completed');
  await queue.clean(0, FINISHED_MAX, 'failed');
}
