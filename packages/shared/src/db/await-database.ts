import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from '../telemetry/logger.ts';
import { isDatabaseUnreachable } from './transaction.ts';

const RETRY_MS = 1_000;

/**
 * Resolves once PostgreSQL answers, so that a service may be started before or during an outage.
 * @throws what PostgreSQL says when it answers with a refusal, such as a wrong password.
 */
export async function awaitDatabase(pool: Pool, log: Logger): Promise<void> {
  for (;;) {
    try {
      await pool.query('select 1');
      return;
    } catch (error) {
      if (!isDatabaseUnreachable(error)) throw error;
      log.warn(
        { event: 'database.unreachable', err: error },
        'waiting for PostgreSQL; nothing is accepted meanwhile',
      );
      await delay(RETRY_MS);
    }
  }
}
