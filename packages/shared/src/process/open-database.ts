import { assertSchemaIsCurrent } from '@capstan/db/check-schema';
import { awaitDatabase } from '../db/await-database.ts';
import { assertEnvironment } from '../db/environment.ts';
import { openPool, type Pool } from '../db/pool.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Lifecycle } from './lifecycle.ts';

interface DatabaseConfig {
  readonly DATABASE_URL: string;
  readonly CONOMY_BASE_URL: string;
  readonly CONOMY_CLIENT_ID: string;
}

/**
 * The database of a service: waits until PostgreSQL answers, then makes sure that it is the right one.
 * @throws {SchemaNotCurrentError} when it lacks a migration, {WrongEnvironmentError} when it belongs to another
 * Conomy environment; both say what to do.
 */
export async function openDatabase(
  config: DatabaseConfig,
  service: { name: string; connectionsMax: number },
  log: Logger,
  lifecycle: Lifecycle,
): Promise<Pool> {
  const pool = openPool({ url: config.DATABASE_URL, name: service.name, max: service.connectionsMax, log });
  lifecycle.onStop('database', () => pool.end());
  await awaitDatabase(pool, log);
  await assertSchemaIsCurrent(pool);
  await assertEnvironment(pool, {
    conomyBaseUrl: config.CONOMY_BASE_URL,
    conomyClientId: config.CONOMY_CLIENT_ID,
  });
  return pool;
}
