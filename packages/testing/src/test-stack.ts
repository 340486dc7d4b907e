import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack, StackOptions } from '@capstan/local-stack/stack';
import { startStack } from '@capstan/local-stack/start-stack';
import { inject } from 'vitest';
import { registerFixture } from './open-fixtures.ts';
import './provided.ts';

/** Everything but where it logs, which the fixture decides; `postgres: 'own'` for tests that end the server. */
export type TestStackOptions = Omit<StackOptions, 'logDir' | 'postgres'> & { postgres?: 'shared' | 'own' };

/**
 * All services as real processes with a database, a queue and a sandbox of their own. By default the
 * database is one in the run's PostgreSQL.
 * Logs: `.local/test-logs`, kept for a day.
 */
export async function startTestStack({
  postgres = 'shared',
  ...options
}: TestStackOptions = {}): Promise<Stack> {
  const { postgresUrl, postgresPid, templateDatabase, queueChoice, logRoot } = inject('capstan');
  const stack = await startStack({
    queue: queueChoice,
    durability: 'fast',
    ...options,
    ...(postgres === 'shared'
      ? { postgres: { url: postgresUrl, pid: postgresPid, template: templateDatabase } }
      : {}),
    logDir: mkdtempSync(join(logRoot, 'stack-')),
  });
  const stop = registerFixture('stack', () => stack.stop());
  // A prototype, not a copy: pids change when a test restarts a part.
  return Object.create(stack, { stop: { value: stop } });
}
