import { type PrivateQueue, startQueue } from '@capstan/local-stack/private-queue';
import { inject } from 'vitest';
import { registerFixture } from './open-fixtures.ts';
import './provided.ts';

/**
 * A queue nobody else uses: a Redis server of its own, or the test database itself, as `CAPSTAN_QUEUE` says.
 * Stop it before dropping the database.
 */
export async function createTestQueue(databaseUrl: string): Promise<PrivateQueue> {
  const { queueChoice } = inject('capstan');
  const queue = await startQueue(queueChoice, databaseUrl);
  const stop = registerFixture(`${queue.kind} queue`, () => queue.stop());
  // A prototype, not a copy: the pid changes when a test restarts the server.
  return Object.create(queue, { stop: { value: stop } });
}
