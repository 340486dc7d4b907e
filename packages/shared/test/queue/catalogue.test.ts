import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { queueKindOf } from '../../src/queue/backend.ts';
import { commandJob, deliveryJob, QUEUES, readJob } from '../../src/queue/catalogue.ts';

describe('the id of a job', () => {
  const id = randomUUID();

  test('is the same for the same state of the same row', () => {
    expect(commandJob(id, 3).id).toBe(commandJob(id, 3).id);
    expect(commandJob(id, 3, 500).id).toBe(commandJob(id, 3, 900).id);
    expect(readJob(id, 2, 1).id).toBe(readJob(id, 2, 1).id);
    expect(deliveryJob(id, 2).id).toBe(deliveryJob(id, 2).id);
  });

  test('of one that is delayed is another, so that a wrong clock cannot hold the relay up', () => {
    expect(commandJob(id, 3, 500).id).not.toBe(commandJob(id, 3).id);
    expect(readJob(id, 2, 1, 250).id).not.toBe(readJob(id, 2, 1).id);
  });

  test('changes with the claim, the receipt, the move or the read', () => {
    const ids = [
      commandJob(id, 0),
      commandJob(id, 1),
      deliveryJob(id, 2),
      readJob(id, 0, 0),
      readJob(id, 0, 1),
      readJob(id, 1, 0),
    ];
    expect(new Set(ids.map((job) => job.id)).size).toBe(ids.length);
  });

  test('is one that BullMQ takes: no colon, not only digits', () => {
    for (const job of [commandJob(id, 0), deliveryJob(id, 1), readJob(id, 0, 0)])
      expect(job.id).toMatch(/^[0-9a-f]+-[^:]+$/);
  });
});

describe('a queue', () => {
  test('has a name with one hash tag, so that Redis Cluster keeps its keys together', () => {
    for (const { name } of Object.values(QUEUES)) expect(name).toMatch(/^\{capstan-[a-z]+\}$/);
  });

  test('takes the jobs made for it', () => {
    expect(QUEUES.commands.data.safeParse(commandJob(randomUUID(), 0).data).success).toBe(true);
    expect(QUEUES.deliveries.data.safeParse(deliveryJob(randomUUID(), 1).data).success).toBe(true);
    expect(QUEUES.reads.data.safeParse(readJob(randomUUID(), 0, 0).data).success).toBe(true);
  });
});

describe('releases side by side', () => {
  test('an older one takes a job to which a newer one added a member, and does not look at it', () => {
    const { data } = commandJob(randomUUID(), 0);
    expect(QUEUES.commands.data.parse({ ...data, addedLater: 'x' })).toEqual(data);
  });

  test('a job that lacks what is needed is refused', () => {
    expect(QUEUES.commands.data.safeParse({ commandId: randomUUID() }).success).toBe(false);
  });
});

describe('the scheme of the queue’s URL', () => {
  test.each([
    ['redis://host', 'redis'],
    ['rediss://:password@host:6379/1', 'redis'],
    ['postgres://host/db', 'postgres'],
    ['postgresql://host/db', 'postgres'],
  ])('%s picks %s', (url, kind) => {
    expect(queueKindOf(url)).toBe(kind);
  });

  test.each(['amqp://host', 'host:6379', '', 'xredis://host', 'REDIS://host'])(
    '%j is refused, naming what may be used',
    (url) => {
      expect(() => queueKindOf(url)).toThrow('must start with redis://, rediss:// or postgres://');
    },
  );
});
