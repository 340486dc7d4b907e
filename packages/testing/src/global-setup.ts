import { migrate } from '@capstan/db/migrate';
import { createDatabase } from '@capstan/local-stack/databases';
import { type PostgresServer, startPostgres } from '@capstan/local-stack/embedded-postgres';
import { chooseQueue } from '@capstan/local-stack/private-queue';
import type { TestProject } from 'vitest/node';
import './provided.ts';
import { createLogRoot } from './log-root.ts';

const TEMPLATE = 'capstan_template';

/**
 * Vitest's global setup: one PostgreSQL for the whole run, with one migrated database for tests to copy.
 * `DATABASE_URL` and `QUEUE_URL` of the environment are never used: tests touch only what they started.
 * Returns the teardown.
 */
export default async function setUpRun(project: TestProject): Promise<() => Promise<void>> {
  const queueChoice = chooseQueue(process.env);
  const postgres = await startPostgres({ durability: 'fast', settings: { max_connections: '400' } });
  try {
    await createTemplate(postgres);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  project.provide('capstan', {
    postgresUrl: postgres.url,
    postgresPid: postgres.pid,
    templateDatabase: TEMPLATE,
    queueChoice,
    logRoot: createLogRoot(),
  });
  return () => postgres.stop();
}

async function createTemplate(postgres: PostgresServer): Promise<void> {
  await migrate(await createDatabase(postgres.url, TEMPLATE));
}
