import type { Pool } from 'pg';

/** Answers within its own limit whether a part can be used now; never throws. */
export type HealthCheck = () => Promise<boolean>;

export interface HealthChecks {
  /** Without it nothing can be done: not ready. */
  database: HealthCheck;
  /** Without it work is slower and none is lost: ready, degraded. */
  queue: HealthCheck;
}

export interface Readiness {
  status: 'ready' | 'degraded' | 'not_ready';
  checks: Record<keyof HealthChecks, 'up' | 'down'>;
}

const CHECK_MS_MAX = 2_000;

export function databaseCheck(pool: Pool): HealthCheck {
  return async () => {
    const tooLate = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => tooLate.resolve(false), CHECK_MS_MAX);
    const answered = pool.query('select 1').then(
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

export async function readiness(checks: HealthChecks): Promise<Readiness> {
  const [database, queue] = await Promise.all([checks.database(), checks.queue()]);
  const status = !database ? 'not_ready' : queue ? 'ready' : 'degraded';
  return { status, checks: { database: word(database), queue: word(queue) } };
}

function word(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
