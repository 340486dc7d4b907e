import { openPool, type Pool } from '@capstan/shared/db/pool';
import { createLogger, type Logger } from '@capstan/shared/telemetry/logger';
import { Registry } from '@capstan/shared/telemetry/metrics';
import { createTestDatabase } from '@capstan/testing/test-database';
import { createTestQueue } from '@capstan/testing/test-queue';
import { until } from '@capstan/testing/until';
import { createPostgresBackend, type Job, type JobsOptions, Queue } from 'bullmq';
import { createApiMetrics } from '../../src/api-metrics.ts';
import { type CommandIntake, createCommandIntake } from '../../src/command-intake.ts';
import { openInbox } from '../../src/inbox/inbox.ts';
import { type RecordingSender, recordingSender } from '../api-fixture.ts';

export interface InboxFixture {
  pool: Pool;
  intake: CommandIntake;
  /** The queue our own jobs go to. */
  commands: RecordingSender<'commands'>;
  /** An upstream system's queue object, made as BullMQ documents it. */
  producer: Queue;
  queueUrl: string;
  kind: 'redis' | 'postgres';
  /** Opens a door of one more api process; `log` silent unless told. */
  open(intake?: CommandIntake, log?: Logger): Promise<{ close(): Promise<void> }>;
  /** Adds a job and waits for its end. */
  hand(data: unknown, options?: JobsOptions): Promise<EndedJob>;
  ended(id: string): Promise<EndedJob>;
  close(): Promise<void>;
}

export interface EndedJob {
  job: Job;
  state: 'completed' | 'failed';
}

/** A database, a queue and a producer; doors are opened by the tests. */
export async function openInboxFixture(): Promise<InboxFixture> {
  const database = await createTestDatabase();
  const queue = await createTestQueue(database.url);
  const silent = createLogger('inbox-test', 'silent');
  const pool = openPool({ url: database.url, name: 'inbox-test', max: 10, log: silent });
  const commands = recordingSender<'commands'>();
  const intake = createCommandIntake({
    pool,
    commands,
    metrics: createApiMetrics(new Registry()),
    productCheck: null,
  });
  const doors: { close(): Promise<void> }[] = [];
  const open = async (withIntake = intake, log = silent) => {
    const inbox = openInbox(queue.url, log);
    doors.push(inbox);
    inbox.serve(withIntake);
    await until(() => inbox.isUp(), { deadlineMs: 10_000, what: 'the door to reach the queue' });
    return inbox;
  };
  // The door makes the schema of a queue in PostgreSQL; a producer expects it.
  await (await open()).close();
  const producer = openProducer(queue.kind, queue.url);
  await producer.waitUntilReady();
  const ended = (id: string) =>
    until(() => findEnded(producer, id), { deadlineMs: 15_000, what: `job ${id} to end` });
  return {
    pool,
    intake,
    commands,
    producer,
    queueUrl: queue.url,
    kind: queue.kind,
    open,
    ended,
    hand: async (data, options) => ended(String((await producer.add('any name', data, options)).id)),
    close: async () => {
      for (const door of doors) await door.close();
      await producer.close();
      await queue.stop();
      await pool.end();
      await database.drop();
    },
  };
}

/** Nothing of ours: the constructor calls of BullMQ's documentation. */
function openProducer(kind: 'redis' | 'postgres', url: string): Queue {
  return kind === 'redis'
    ? new Queue('capstan-inbox', { connection: { url } })
    : new Queue(
        'capstan-inbox',
        { connection: { connectionString: url, max: 2 } as never },
        createPostgresBackend as never,
      );
}

async function findEnded(producer: Queue, id: string): Promise<EndedJob | null> {
  const state = await producer.getJobState(id);
  if (state !== 'completed' && state !== 'failed') return null;
  const job = await producer.getJob(id);
  return job ? { job, state } : null;
}

/** An intake that cannot reach PostgreSQL for as long as `away` says so. */
export function unreliableIntake(
  intake: CommandIntake,
  away: { now: boolean; tries: number },
): CommandIntake {
  const unreachable = () => {
    away.tries += 1;
    return Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  };
  return {
    acceptOne: (item) => (away.now ? unreachable() : intake.acceptOne(item)),
    acceptList: (items) => (away.now ? unreachable() : intake.acceptList(items)),
  };
}
