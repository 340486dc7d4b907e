import { Gauge, type Registry } from '@prometheus-io/client';
import type { Queue } from 'bullmq';

/** A queue that was told, by whatever hand, to hand out no jobs or fewer than it could. */
export interface HeldQueue {
  name: string;
  hold: Hold;
}

const HOLDS = ['paused', 'limited'] as const;
export type Hold = (typeof HOLDS)[number];

/** A queue that may not have been reached yet. */
interface LookedAt {
  queue(): Queue | null;
}

/** Answers within a second; a queue that cannot be asked is not held as far as anybody knows. Never rejects. */
export type HeldQueuesCheck = () => Promise<HeldQueue[]>;

const ANSWER_MS_MAX = 1_000;

/** Nothing of ours ever pauses or limits a queue, so each hold is somebody's act, and money stands still by it. */
export function heldQueuesCheck(queues: readonly LookedAt[]): HeldQueuesCheck {
  return async () => {
    const looks = queues.map(({ queue }) => queue()).filter((queue) => queue !== null);
    const found = await Promise.all(looks.map(lookInTime));
    return found.filter((look) => look !== null).flatMap(({ name, hold }) => (hold ? [{ name, hold }] : []));
  };
}

/** One gauge for each way of holding a queue; a queue that cannot be asked is absent. */
export function measureHeldQueues(registry: Registry, queues: readonly LookedAt[]): void {
  for (const hold of HOLDS)
    new Gauge({
      name: `capstan_queue_${hold}`,
      help: `1 while a queue is ${hold}, by whatever hand: its work stands still or goes on more slowly. Alert on it.`,
      labelNames: ['queue'],
      registers: [registry],
      async collect() {
        const looks = await Promise.all(
          queues.map(async ({ queue }) => {
            const reached = queue();
            return reached && lookInTime(reached);
          }),
        );
        this.reset();
        for (const look of looks) if (look) this.set({ queue: look.name }, look.hold === hold ? 1 : 0);
      },
    });
}

/** Null when the queue refuses or does not answer in time. */
async function lookInTime(queue: Queue): Promise<{ name: string; hold: Hold | null } | null> {
  const timeout = Promise.withResolvers<null>();
  const timer = setTimeout(() => timeout.resolve(null), ANSWER_MS_MAX);
  const look = findHold(queue).then((hold) => ({ name: queue.name, hold }));
  const inTime = await Promise.race([look.catch(() => null), timeout.promise]);
  clearTimeout(timer);
  return inTime;
}

/**
 * A limit set for some time by hand stands in BullMQ's counter of jobs as a number far above this one; what a limit that
 * was taken away has counted stays there too, and holds nothing.
 */
const SET_BY_HAND = 1_000_000_000;

async function findHold(queue: Queue): Promise<Hold | null> {
  const [isPaused, limitMs, rate, concurrency] = await Promise.all([
    queue.isPaused(),
    queue.getRateLimitTtl(SET_BY_HAND),
    queue.getGlobalRateLimit(),
    queue.getGlobalConcurrency(),
  ]);
  if (isPaused) return 'paused';
  return limitMs > 0 || rate !== null || concurrency !== null ? 'limited' : null;
}
