import { findCommand } from '@capstan/shared/db/commands';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import { type CapturerFixture, insertCreate, openCapturerFixture } from './capturer-fixture.ts';

// Scenario: a review holds a capture for minutes, hours, days.
// Goal: the payment is read as often as its review is likely to end, not as often as on the first minute for ever.

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
  await fixture.control('config', { review: { thresholds: { COP: '1.00' } } });
});
afterAll(() => fixture.close());

async function dueInMs(id: string): Promise<number> {
  const { rows } = await fixture.pool.query(
    'select (extract(epoch from due_at - capstan_now()) * 1000)::float8 as "dueMs" from commands where id = $1',
    [id],
  );
  return rows[0].dueMs;
}

test('a step that a review holds is looked at within half a minute at first, and hourly after a day', async () => {
  const { id, paymentKey } = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing', waitsFor: 'review' });
  expect(await dueInMs(id)).toBeLessThanOrEqual(30_000);
  await fixture.pool.query(`update payments set moved_at = moved_at - interval '1 day' where key = $1`, [
    paymentKey,
  ]);
  await fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);
  await executeCommand(fixture.context, id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing', waitsFor: 'review' });
  expect(await dueInMs(id)).toBeGreaterThan(3_500_000);
});
