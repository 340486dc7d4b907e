import { createPostgresBackend, Queue, withBackend } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../src/test-database.ts';
import { createTestQueue } from '../src/test-queue.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

type Producer = Pick<Queue, 'add' | 'getJobCounts' | 'waitUntilReady' | 'close'>;

function openQueue(kind: 'redis' | 'postgres', url: string): Producer {
  if (kind === 'redis') return new Queue('flush-test', { connection: { url } });
  const postgres = withBackend(createPostgresBackend);
  return new postgres.Queue('flush-test', {
    connection: { connectionString: url, migrate: true },
  }) as unknown as Producer;
}

test('an emptied queue has lost its jobs and takes new ones', async () => {
  const fixture = await createTestQueue(database.url);
  const queue = openQueue(fixture.kind, fixture.url);
  await queue.waitUntilReady();
  await queue.add('work', { id: 1 }, { jobId: 'job-1' });
  await queue.add('work', { id: 2 }, { jobId: 'job-2', delay: 60_000 });
  await fixture.flush();
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 0, delayed: 0 });
  await queue.add('work', { id: 1 }, { jobId: 'job-1' });
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 1, delayed: 0 });
  await queue.close();
  await fixture.stop();
});
