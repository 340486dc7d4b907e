import { startRedis } from '@capstan/local-stack/private-redis';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { needsProgram } from '../src/needs-program.ts';
import { registerFixture } from '../src/open-fixtures.ts';

const program = needsProgram('redis-server', 'redis-server');
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start() {
  const redis = await startRedis(program.path);
  cleanups.push(registerFixture('Redis', () => redis.stop()));
  return redis;
}

async function connect(url: string): Promise<Redis> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on('error', () => {});
  await client.connect();
  cleanups.push(async () => client.disconnect());
  return client;
}

describe.skipIf(!program.run)(`private Redis ${program.reason}`, () => {
  test('it never evicts jobs, appends to a file and wants its password', async () => {
    const redis = await start();
    const client = await connect(redis.url);
    expect(await client.config('GET', 'maxmemory-policy')).toContain('noeviction');
    expect(await client.config('GET', 'appendonly')).toContain('yes');
    await expect(connect(redis.url.replace(/:[^:@]+@/, ':wrong@'))).rejects.toThrow();
  });

  test('after an end by SIGKILL it comes back at the same url with its data', async () => {
    const redis = await start();
    await (await connect(redis.url)).set('word', 'kept');
    const { pid } = redis;
    await redis.kill('SIGKILL');
    await expect(connect(redis.url)).rejects.toThrow();
    await redis.restart();
    expect(redis.pid).not.toBe(pid);
    expect(await (await connect(redis.url)).get('word')).toBe('kept');
  });

  test('flush empties it', async () => {
    const redis = await start();
    const client = await connect(redis.url);
    await client.set('word', 'lost');
    await redis.flush();
    expect(await client.dbsize()).toBe(0);
  });
});
