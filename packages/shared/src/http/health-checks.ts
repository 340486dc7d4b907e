import type { Pool } from 'pg';
import { assertWritable } from '../db/await-database.ts';
import { queueBackend } from '../queue/backend.ts';
import type { HeldQueue, HeldQueuesCheck } from '../queue/held-queues.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Answers within its own limit whether a part can be used now; never throws. */
export type HealthCheck = () => Promise<boolean>;

export interface HealthChecks {
  /** Without it nothing can be done: not ready. */
  database: HealthCheck;
  /** Without it work is slower and none is lost: ready, degraded. */
  queue: HealthCheck;
  /** Queues that somebody paused or limited: ready, degraded. */
  heldQueues: HeldQueuesCheck;
  /** Why the queue must not be used as it is set up: not ready; null when it may. Never throws. */
  queueHazard: () => Promise<string | null>;
  /** The process has been told to stop: not ready, although it still serves. */
  isStopping: () => boolean;
}

export interface Readiness {
  status: 'ready' | 'degraded' | 'not_ready';
  checks: Record<'database' | 'queue', 'up' | 'down'>;
  /** What somebody paused or limited; absent while there is none. */
  heldQueues?: HeldQueue[];
  /** What to mend; only where a check alone does not say it. */
  reason?: string;
}

const CHECK_MS_MAX = 2_000;

export function databaseCheck(pool: Pool): HealthCheck {
  return async () => {
    const tooLate = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => tooLate.resolve(false), CHECK_MS_MAX);
    const answered = assertWritable(pool).then(
      () => true,
      () => false,
    );
    const up = await Promise.race([answered, tooLate.promise]);
    clearTimeout(timer);
    return up;
  };
}

/** The queue is up when all of the senders or workers a service uses are. */
export function queueCheck(parts: readonly { isUp(): boolean | Promise<boolean> }[]): HealthCheck {
  return async () => !(await Promise.all(parts.map((part) => part.isUp()))).includes(false);
}

const HAZARD_LOOK_MS = 5_000;

/** Looks at how the queue is set up every few seconds at most; what cannot be asked is as it was. */
export function queueHazardCheck(queueUrl: string, log: Logger): HealthChecks['queueHazard'] {
  const backend = queueBackend(queueUrl);
  let hazard: string | null = null;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - lookedAtMs < HAZARD_LOOK_MS) return hazard;
    lookedAtMs = performance.now();
    const found = await backend.findHazard().catch(() => hazard);
    if (found !== null && found !== hazard) log.error({ event: 'queue.hazard' }, found);
    hazard = found;
    return hazard;
  };
}

const STOPPING = 'The process is stopping: send nothing new to this copy.';

export async function readiness(checks: HealthChecks): Promise<Readiness> {
  const [database, queue, hazard, heldQueues] = await Promise.all([
    checks.database(),
    checks.queue(),
    checks.queueHazard(),
    checks.heldQueues(),
  ]);
  const reason = hazard ?? (checks.isStopping() ? STOPPING : null);
  const works = queue && heldQueues.length === 0;
  return {
    status: !database || reason !== null ? 'not_ready' : works ? 'ready' : 'degraded',
    checks: { database: word(database), queue: word(queue) },
    ...(heldQueues.length === 0 ? {} : { heldQueues }),
    ...(reason === null ? {} : { reason }),
  };
}

function word(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
