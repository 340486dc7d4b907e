// Scenario: an upstream system with a plain BullMQ producer hands in commands by the queue capstan-inbox.
// Goal: each job ends as the same command over HTTP would, once, and nothing of its data stays behind.
import { inspect } from 'node:util';
import type { Logger } from '@capstan/shared/telemetry/logger';
import { until } from '@capstan/testing/until';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandIntake } from '../../src/command-intake.ts';
import { collectBody, createCommand } from '../api-fixture.ts';
import { type InboxFixture, openInboxFixture, unreliableIntake } from './inbox-fixture.ts';

let inbox: InboxFixture;
beforeAll(async () => {
  inbox = await openInboxFixture();
});
afterAll(() => inbox.close());

const create = (key: string) => ({
  idempotencyKey: key,
  ...createCommand({ externalId: `order-of-${key}` }),
});

function recordingLogger(lines: string[]): Logger {
  const record = (...line: unknown[]) => void lines.push(inspect(line, { depth: 10 }));
  return { debug: record, info: record, warn: record, error: record } as unknown as Logger;
}

const findCommand = async (key: string) => {
  const { rows } = await inbox.pool.query(
    `select id, accepted_by, type from commands where idempotency_key = $1::text`,
    [key],
  );
  return rows;
};

describe('with an open door', () => {
  let door: { close(): Promise<void> };
  beforeAll(async () => {
    door = await inbox.open();
  });
  afterAll(() => door.close());

  test('a command is accepted: its id is the return value and only its key stays in the job', async () => {
    const { job, state } = await inbox.hand(create('key-1'));
    const [command] = await findCommand('key-1');
    expect(command).toMatchObject({ accepted_by: 'queue-door', type: 'payment.create' });
    expect(state).toBe('completed');
    expect(job.returnvalue).toEqual({ commandId: command.id, replayed: false });
    expect(job.data).toEqual({ idempotencyKey: 'key-1' });
    expect(inbox.commands.offers).toContainEqual(expect.objectContaining({ id: `${command.id}-0` }));
  });

  test('the same key twice is one command, and the second job says so', async () => {
    const first = await inbox.hand(create('key-2'));
    const second = await inbox.hand(create('key-2'));
    expect(second.job.returnvalue).toEqual({ commandId: first.job.returnvalue.commandId, replayed: true });
    expect(await findCommand('key-2')).toHaveLength(1);
  });

  test('the same key in twenty jobs at once is one command', async () => {
    const jobs = Array.from({ length: 20 }, () => ({ name: 'any', data: create('key-20') }));
    const added = await inbox.producer.addBulk(jobs);
    const ended = await Promise.all(added.map(({ id }) => inbox.ended(String(id))));
    const receipts = ended.map(({ job }) => job.returnvalue);
    expect(new Set(receipts.map(({ commandId }) => commandId)).size).toBe(1);
    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  test('a hundred jobs that are added at once are all accepted', async () => {
    const jobs = Array.from({ length: 100 }, (_, n) => ({ name: 'any', data: create(`bulk-${n}`) }));
    const added = await inbox.producer.addBulk(jobs);
    const ended = await Promise.all(added.map(({ id }) => inbox.ended(String(id))));
    expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(['completed']));
    expect(new Set(ended.map(({ job }) => job.returnvalue.commandId)).size).toBe(100);
  });

  describe('a refused command fails at once with the code of its problem', () => {
    const options = { attempts: 5, backoff: 1 };
    const otherCommand = { idempotencyKey: 'key-1', ...createCommand({ externalId: 'other' }) };
    const cases: [string, unknown, string, object][] = [
      ['a key of another command', otherCommand, 'idempotency_key_reused', { idempotencyKey: 'key-1' }],
      [
        'an externalId that is taken',
        { idempotencyKey: 'key-3', ...createCommand({ externalId: 'order-of-key-1' }) },
        'external_id_taken',
        { idempotencyKey: 'key-3' },
      ],
      [
        'a payment nobody knows',
        { idempotencyKey: 'key-4', type: 'payment.capture', payment: { externalId: 'nobody-knows' } },
        'payment_not_found',
        { idempotencyKey: 'key-4' },
      ],
      ['no key', createCommand(), 'idempotency_key_missing', {}],
      ['an empty key', { ...create(''), idempotencyKey: '' }, 'idempotency_key_missing', {}],
      ['a key that is no key', { ...create('x'), idempotencyKey: 'ключ' }, 'idempotency_key_malformed', {}],
      ['a key that is a number', { ...create('x'), idempotencyKey: 17 }, 'idempotency_key_malformed', {}],
      ['no command', { idempotencyKey: 'key-5' }, 'validation_failed', { idempotencyKey: 'key-5' }],
      ['a list', [create('key-6')], 'validation_failed', {}],
      ['text', 'payment.create', 'validation_failed', {}],
      ['a number', 17, 'validation_failed', {}],
      [
        'an amount that is a number',
        { idempotencyKey: 'key-7', ...createCommand({ purchaseAmount: 30_000 }) },
        'validation_failed',
        { idempotencyKey: 'key-7' },
      ],
      [
        'more than 256 KiB',
        { idempotencyKey: 'key-8', ...createCommand({ description: 'x'.repeat(256 * 1024) }) },
        'payload_too_large',
        { idempotencyKey: 'key-8' },
      ],
    ];
    test.each(cases)('%s', async (_what, data, code, kept) => {
      const { job, state } = await inbox.hand(data, options);
      expect(state).toBe('failed');
      expect(job.failedReason).toMatch(new RegExp(`^${code}: .{10,}`));
      expect(job.attemptsMade).toBe(1);
      expect(job.data).toEqual(kept);
      expect(String(job.stacktrace)).not.toMatch(/\.ts/);
    });

    test('and its key can be used again', async () => {
      await inbox.hand({ ...create('key-9'), type: 'payment.imagine' });
      const { job } = await inbox.hand(create('key-9'));
      expect(job.returnvalue).toMatchObject({ replayed: false });
    });
  });

  test('a finished job stays until its producer has it removed', async () => {
    const kept = await inbox.hand(create('kept'));
    const removed = await inbox.producer.add('any', create('removed'), { removeOnComplete: true });
    await until(async () => (await inbox.producer.getJob(String(removed.id))) === undefined, {
      deadlineMs: 10_000,
      what: 'the job to be gone',
    });
    expect(await findCommand('removed')).toHaveLength(1);
    expect(await inbox.producer.getJob(String(kept.job.id))).toBeDefined();
  });

  test('a job that lost its data and not its verdict ends by the verdict', async () => {
    // What a process leaves that died after it had dropped the data of a refused job. Its key is another command's.
    await door.close();
    const added = await inbox.producer.add('any', { idempotencyKey: 'key-1' });
    await added.updateProgress({ result: 'refused', code: 'idempotency_key_reused', detail: 'was used' });
    door = await inbox.open();
    const { job, state } = await inbox.ended(String(added.id));
    expect(state).toBe('failed');
    expect(job.failedReason).toBe('idempotency_key_reused: was used');
  });
});

test('two doors share the jobs and accept each once', async () => {
  const doors = [await inbox.open(), await inbox.open()];
  const jobs = Array.from({ length: 60 }, (_, n) => ({ name: 'any', data: create(`shared-${n}`) }));
  const added = await inbox.producer.addBulk(jobs);
  const ended = await Promise.all(added.map(({ id }) => inbox.ended(String(id))));
  expect(ended.every(({ job }) => job.returnvalue.replayed === false)).toBe(true);
  for (const door of doors) await door.close();
});

describe('while PostgreSQL cannot be reached', () => {
  test('a job waits and burns no attempt, then is accepted', async () => {
    const away = { now: true, tries: 0 };
    const door = await inbox.open(unreliableIntake(inbox.intake, away));
    const added = await inbox.producer.add('any', create('outage-1'), { attempts: 1 });
    await until(() => away.tries >= 2, { deadlineMs: 10_000, what: 'two tries to accept' });
    expect(await added.getState()).toBe('active');
    away.now = false;
    const { job, state } = await inbox.ended(String(added.id));
    expect([state, job.attemptsMade]).toEqual(['completed', 1]);
    expect(job.returnvalue).toMatchObject({ replayed: false });
    await door.close();
  });

  test.each(['25006', '40001', '53100', '57014'])(
    'a job also waits while it says %s, and is accepted when it says so no more',
    async (code) => {
      const tries: unknown[] = [];
      await inbox.pool.query(
        `create function not_now() returns trigger language plpgsql as
           $$ begin raise exception 'made by the test' using errcode = '${code}'; end $$;
         create trigger not_now before insert on commands execute function not_now()`,
      );
      const acceptOne: CommandIntake['acceptOne'] = (item) =>
        inbox.intake.acceptOne(item).catch((error: unknown) => {
          tries.push(error);
          throw error;
        });
      const door = await inbox.open({ ...inbox.intake, acceptOne });
      const added = await inbox.producer.add('any', create(`not-now-${code}`), { attempts: 1 });
      await until(() => tries.length >= 2, { deadlineMs: 10_000, what: 'two tries to accept' });
      expect(await added.getState()).toBe('active');
      expect((await inbox.producer.getJob(String(added.id)))?.data).toEqual(create(`not-now-${code}`));
      await inbox.pool.query('drop trigger not_now on commands; drop function not_now()');
      expect((await inbox.ended(String(added.id))).state).toBe('completed');
      await door.close();
    },
  );

  test('a door that closes gives the job back with its data, for the next to accept', async () => {
    const away = { now: true, tries: 0 };
    const door = await inbox.open(unreliableIntake(inbox.intake, away));
    const added = await inbox.producer.add('any', create('outage-2'), { attempts: 1 });
    await until(() => away.tries >= 1, { deadlineMs: 10_000, what: 'a try to accept' });
    await door.close();
    const waiting = await inbox.producer.getJob(String(added.id));
    expect(await waiting?.getState()).toBe('delayed');
    expect(waiting?.data).toEqual(create('outage-2'));
    const next = await inbox.open();
    expect((await inbox.ended(String(added.id))).state).toBe('completed');
    await next.close();
  });
});

test('a job whose data are no JSON, which only Redis can hold, stops no other and is not quoted', async () => {
  if (inbox.kind === 'postgres') return;
  const lines: string[] = [];
  const { id } = await inbox.producer.add('any', {});
  const redis = new Redis(inbox.queueUrl);
  await redis.hset(`bull:capstan-inbox:${id}`, 'data', 'marker-of-the-data');
  await redis.quit();
  const door = await inbox.open(inbox.intake, recordingLogger(lines));
  expect((await inbox.hand(create('beside-no-json'))).state).toBe('completed');
  await until(() => lines.some((line) => line.includes('queue.failing')), {
    deadlineMs: 10_000,
    what: 'the log to tell of it',
  });
  expect(lines.join('')).not.toContain('marker-of');
  await door.close();
});

test('a fault of our own fails the one job, not those that share its commit', async () => {
  const acceptAlone = (items: Parameters<typeof inbox.intake.acceptList>[0]) =>
    items.some(({ idempotencyKey }) => idempotencyKey === 'broken')
      ? Promise.reject(new Error('a defect'))
      : inbox.intake.acceptList(items);
  const door = await inbox.open({
    acceptOne: () => Promise.reject(new Error('a defect in the shared commit')),
    acceptList: acceptAlone,
  });
  const broken = await inbox.hand(create('broken'), { attempts: 3 });
  const sound = await inbox.hand(create('sound'));
  expect(broken.state).toBe('failed');
  expect(broken.job.failedReason).toMatch(/^internal_error: /);
  expect(sound.state).toBe('completed');
  await door.close();
});

test('no line of the log repeats what a job carried', async () => {
  const lines: string[] = [];
  const secretBody = collectBody({ externalId: 'marker-of-the-data', description: 'marker-of-the-data' });
  const door = await inbox.open(
    {
      acceptOne: () => Promise.reject(new Error('near marker-of-the-data')),
      acceptList: () => Promise.reject(new Error('near marker-of-the-data')),
    },
    recordingLogger(lines),
  );
  await inbox.hand({ idempotencyKey: 'logged', type: 'payment.create', payment: secretBody });
  await inbox.hand({ idempotencyKey: 'logged', type: 'marker-of-the-data' });
  await door.close();
  expect(lines.filter((line) => line.includes('inbox.')).length).toBeGreaterThanOrEqual(3);
  expect(lines.join('')).not.toContain('marker-of-the-data');
});
