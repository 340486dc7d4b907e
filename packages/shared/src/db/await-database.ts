import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from '../telemetry/logger.ts';
import { databaseTrouble, ReadOnlyError } from './sqlstates.ts';

const RETRY_MS = 1_000;

/**
 * Resolves once PostgreSQL answers and can be written to, so that a service may be started before or during an outage.
 * @throws what PostgreSQL says when it answers with a refusal, such as a wrong password.
 */
export async function awaitDatabase(pool: Pool, log: Logger): Promise<void> {
  for (;;) {
    try {
      await assertWritable(pool);
      return;
    } catch (error) {
      if (databaseTrouble(error) !== 'not_now') throw error;
      log.warn(
        { event: 'database.unreachable', err: error },
        'waiting for PostgreSQL; nothing is accepted meanwhile',
      );
      await delay(RETRY_MS);
    }
  }
}

/**
 * A connection to a server that is read-only, as after a failover, leaves the pool: the next one may reach the new primary.
 * @throws what is in the way of writing now.
 */
export async function assertWritable(pool: Pool): Promise<void> {
  const client = await pool.connect();
  let unusable: Error | undefined;
  try {
    const { rows } = await client.query('show transaction_read_only');
    if (rows[0]?.transaction_read_only !== 'off') throw new ReadOnlyError();
  } catch (error) {
    unusable = error as Error;
    throw error;
  } finally {
    client.release(unusable);
  }
}
