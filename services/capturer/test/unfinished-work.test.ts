import { createLogger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measureUnfinishedCommands } from '@capstan/shared/telemetry/unfinished-work';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import { type CapturerFixture, insertCreate, insertLater, openCapturerFixture } from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

const told = (metrics: string, name: string, status: string) =>
  Number(new RegExp(`^${name}{status="${status}"[^}]*} (\\S+)$`, 'm').exec(metrics)?.[1]);

test('the metrics tell how many commands are open and how long the oldest unknown outcome has been so', async () => {
  const { pool, context } = fixture;
  const { id, paymentKey } = await insertCreate(pool, { then: [] });
  await insertLater(pool, paymentKey, 'capture', 'blocked');
  const lost = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } } as const;
  const provider = {
    ...context.provider,
    createPayment: async () => lost,
    listPayments: async () => lost,
  };
  await executeCommand({ ...context, provider }, id);
  await pool.query(
    `update commands set accepted_at = capstan_now() - interval '1 day' where payment_key = $1`,
    [paymentKey],
  );
  const registry = createRegistry('capturer');
  measureUnfinishedCommands(registry, pool, createLogger('metrics-test', 'silent'));
  const metrics = await registry.metrics();
  expect(told(metrics, 'capstan_unfinished_commands', 'unresolved')).toBe(1);
  expect(told(metrics, 'capstan_unfinished_commands', 'blocked')).toBe(1);
  const age = told(metrics, 'capstan_unfinished_commands_oldest_seconds', 'unresolved');
  expect(age).toBeGreaterThan(0);
  expect(age).toBeLessThan(60);
  const blocked = told(metrics, 'capstan_unfinished_commands_oldest_seconds', 'blocked');
  expect(blocked).toBeGreaterThan(86_000);
});

test('while PostgreSQL cannot be asked the other metrics are told all the same', async () => {
  const registry = createRegistry('capturer');
  const gone = { query: () => Promise.reject(new Error('no database')) } as never;
  measureUnfinishedCommands(registry, gone, createLogger('metrics-test', 'silent'));
  const metrics = await registry.metrics();
  expect(metrics).toContain('process_cpu_seconds_total');
  expect(metrics).not.toContain('capstan_unfinished_commands{');
});
