import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// By path, as in queue-fixture.ts: packages may not depend on each other in a circle.
import { startRedis } from '../../../local-stack/src/private-redis.ts';
import { needsProgram } from '../../../testing/src/needs-program.ts';
import { queueHazardCheck } from '../../src/http/health-checks.ts';
import { openLogRecorder } from './queue-fixture.ts';

const program = needsProgram('redis-server', 'redis-server');

describe.skipIf(!program.run)(`Redis with an evicting policy ${program.reason}`, () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let client: Redis;
  beforeAll(async () => {
    redis = await startRedis(program.path);
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  test('is a hazard that names the policy and what to set, and none once that is set', async () => {
    const { log } = openLogRecorder();
    const look = () => queueHazardCheck(redis.url, log)();
    expect(await look()).toBeNull();
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await look()).toMatch(/maxmemory-policy allkeys-lru.*Set maxmemory-policy to noeviction/);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await look()).toBeNull();
  });

  test('that cannot be reached is down and not a hazard', async () => {
    expect(await queueHazardCheck('redis://127.0.0.1:1', openLogRecorder().log)()).toBeNull();
  });
});
