import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { FAILURES_MAX } from '../src/decide-next.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  absentReadsOf,
  type CapturerFixture,
  insertCreate,
  openCapturerFixture,
  runToItsEnd,
} from './capturer-fixture.ts';

// Scenario: a review holds a capture for minutes, hours, days, and ends one way or the other.
// Goal: the payment is read as often as its review is likely to end, and what the review made of the capture is found by
// reads over time before anything is sent again.

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
beforeEach(() => reviewFrom('1.00'));
afterAll(() => fixture.close());

const reviewFrom = (amount: string) =>
  fixture.control('config', { review: { thresholds: { COP: amount }, resumesAt: 'GATED' } });

/** A create and its capture, which a review holds. */
async function heldCapture() {
  const inserted = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, inserted.id);
  const conomyId = (await findPayment(fixture.pool, inserted.paymentKey))?.conomyId ?? '';
  return { ...inserted, conomyId };
}

const endReview = (conomyId: string, status: string) =>
  fixture.control(`payments/${conomyId}/transition`, { status });

const isDue = (id: string) =>
  fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);

async function effectsOf(externalId: string) {
  const { payments } = await fixture.control('ledger');
  return (payments as { externalId: string; effects: object }[]).find(
    (payment) => payment.externalId === externalId,
  )?.effects;
}

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
  await isDue(id);
  await executeCommand(fixture.context, id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing', waitsFor: 'review' });
  expect(await dueInMs(id)).toBeGreaterThan(3_500_000);
});

test('a capture that a review let go without its effect is sent again after reads over time, and costs no failure', async () => {
  const { id, externalId, conomyId } = await heldCapture();
  const [, first] = await findAttemptsOfCommand(fixture.pool, id);
  expect(first).toMatchObject({ operation: 'capture', outcome: 'unknown', resolution: null });
  await reviewFrom('1000000000.00');
  await fixture.pool.query('update commands set failures = $2 where id = $1', [id, FAILURES_MAX - 1]);
  await endReview(conomyId, 'CREATED');
  await isDue(id);
  expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });

  const reads = await absentReadsOf(fixture.pool, id);
  expect(reads.length).toBeGreaterThanOrEqual(3);
  const spanMs = Math.max(...reads) - Math.min(...reads);
  expect(spanMs).toBeGreaterThanOrEqual(fixture.context.timings.absence.spanMsMin);
  const [, again, last] = await findAttemptsOfCommand(fixture.pool, id);
  expect([again, last]).toMatchObject([
    { outcome: 'unknown', resolution: 'retryable' },
    { operation: 'capture', number: 2, outcome: 'succeeded' },
  ]);
  expect(await effectsOf(externalId)).toMatchObject({ capture: 1 });
});

test('a capture that a review let through is sent once, however long the reads after it lag', async () => {
  const { id, externalId, conomyId } = await heldCapture();
  await endReview(conomyId, 'CAPTURED');
  const { provider } = fixture.context;
  let captures = 0;
  let lagging = 2;
  const lagged: CapturerContext['provider'] = {
    ...provider,
    capturePayment: (...call) => {
      captures += 1;
      return provider.capturePayment(...call);
    },
    readPayment: async (...call) => {
      const read = await provider.readPayment(...call);
      return read.ok && lagging-- > 0 ? { ...read, value: { ...read.value, status: 'CREATED' } } : read;
    },
  };
  await isDue(id);
  const context = { ...fixture.context, provider: lagged };
  expect(await runToItsEnd({ pool: fixture.pool, context }, id)).toMatchObject({ status: 'succeeded' });
  expect(lagging).toBeLessThanOrEqual(0);
  expect(captures).toBe(0);
  expect(await effectsOf(externalId)).toMatchObject({ capture: 1 });
});
