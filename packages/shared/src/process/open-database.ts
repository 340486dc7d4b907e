import { assertEncodingIsUtf8 } from '@capstan/db/check-encoding';
import { assertSchemaIsCurrent } from '@capstan/db/check-schema';
import { awaitDatabase } from '../db/await-database.ts';
import { assertSessionIsKept, assertSettingsHold } from '../db/check-session.ts';
import type { Statements } from '../db/client.ts';
import { assertEnvironment, type Environment } from '../db/environment.ts';
import { openPool, type Pool } from '../db/pool.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Lifecycle } from './lifecycle.ts';

interface DatabaseConfig {
  readonly DATABASE_URL: string;
  readonly DATABASE_DIRECT_URL: string;
  readonly DATABASE_STATEMENTS: Statements;
  readonly CONOMY_BASE_URL: string;
  readonly CONOMY_CLIENT_ID: string;
}

/** Where what needs a session of its own connects to. */
export function directUrlOf(config: Pick<DatabaseConfig, 'DATABASE_URL' | 'DATABASE_DIRECT_URL'>): string {
  return config.DATABASE_DIRECT_URL || config.DATABASE_URL;
}

/**
 * The database of a service: waits until PostgreSQL answers, then makes sure that it is the right one and that nothing between
 * takes from it what the code relies on. What it finds to be wrong it throws, saying what to do.
 */
export async function openDatabase(
  config: DatabaseConfig,
  service: { name: string; connectionsMax: number },
  log: Logger,
  lifecycle: Lifecycle,
): Promise<Pool> {
  const { name, connectionsMax: max } = service;
  const { DATABASE_URL: url, DATABASE_STATEMENTS: statements } = config;
  const pool = openPool({ url, name, max, log, statements });
  lifecycle.onStop('database', () => pool.end());
  await awaitDatabase(pool, log);
  await assertEncodingIsUtf8(pool);
  await assertSessionIsKept(statements === 'named' ? url : directUrlOf(config), statements);
  await assertSettingsHold(pool, statements);
  await assertSchemaIsCurrent(pool);
  const environment = {
    conomyBaseUrl: config.CONOMY_BASE_URL,
    conomyClientId: config.CONOMY_CLIENT_ID,
  };
  await assertEnvironment(pool, environment);
  if (config.DATABASE_DIRECT_URL !== '') await checkDirectUrl(config.DATABASE_DIRECT_URL, environment, log);
  return pool;
}

async function checkDirectUrl(url: string, environment: Environment, log: Logger): Promise<void> {
  await assertSessionIsKept(url, 'unnamed');
  const direct = openPool({ url, name: 'start', max: 1, log });
  try {
    await assertSchemaIsCurrent(direct);
    await assertEnvironment(direct, environment);
  } finally {
    await direct.end();
  }
}
