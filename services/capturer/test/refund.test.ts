import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findPayment } from '@capstan/shared/db/payments';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertAttempt,
  insertCreate,
  insertLater,
  insertRefund,
  openCapturerFixture,
  redrive,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;

beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());
afterEach(() => fixture.control('faults', { seed: 1, rules: [] }));

/** A payment of 30,000.00 COP, settled at Conomy; the mirror still says CAPTURED. */
async function settledPayment() {
  const { id, paymentKey } = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, id);
  const conomyId = (await findPayment(fixture.pool, paymentKey))?.conomyId ?? '';
  for (const status of ['RECEIVED', 'SETTLED'])
    await fixture.control(`payments/${conomyId}/transition`, { status });
  return { paymentKey, conomyId };
}

async function refundEffects(conomyId: string): Promise<number> {
  const { payments } = await fixture.control('ledger');
  const parent = (payments as { id: string; effects: { refund: number } }[]).find(
    ({ id }) => id === conomyId,
  );
  return parent?.effects.refund ?? Number.NaN;
}

async function reservation(key: string) {
  const { rows } = await fixture.pool.query(
    'select refundable_minor as whole, refund_done_minor as done, refund_reserved_minor as reserved from payments where key = $1',
    [key],
  );
  return rows[0];
}

const childrenOf = async (key: string) =>
  (
    await fixture.pool.query(
      `select status, snapshot->>'totalAmount' as amount from payments where parent_key = $1`,
      [key],
    )
  ).rows;

describe('a refund', () => {
  test('of a part of a settled payment is made once and mirrored as a payment of its own', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await refundEffects(conomyId)).toBe(1);
    expect(await childrenOf(paymentKey)).toEqual([{ status: 'RECEIVED', amount: '150.00' }]);
    expect(await reservation(paymentKey)).toEqual({ whole: 3_000_000, done: 15_000, reserved: 0 });
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ status: 'SETTLED', final: true });
  });

  test('of a payment that is not settled is rejected after a full read, and nothing is sent', async () => {
    const { id: create, paymentKey } = await insertCreate(fixture.pool);
    await executeCommand(fixture.context, create);
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'payment_not_settled' },
    });
    expect(await findAttemptsOfCommand(fixture.pool, id)).toEqual([]);
  });

  test('of more than what is refundable is rejected, and nothing is sent', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '30000.01');
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'refund_exceeds_refundable' },
    });
    expect(await refundEffects(conomyId)).toBe(0);
    expect(await reservation(paymentKey)).toMatchObject({ reserved: 0 });
  });

  test('two at once that together exceed the payment: the first is made, the second is rejected', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const first = await insertRefund(fixture.pool, paymentKey, '20000.00');
    const second = await insertRefund(fixture.pool, paymentKey, '10000.01', 'blocked');
    await Promise.all([executeCommand(fixture.context, second), executeCommand(fixture.context, first)]);
    expect(await runToItsEnd(fixture, first)).toMatchObject({ status: 'succeeded' });
    expect(await runToItsEnd(fixture, second)).toMatchObject({
      status: 'rejected',
      problem: { code: 'refund_exceeds_refundable' },
    });
    expect(await refundEffects(conomyId)).toBe(1);
  });

  test('made elsewhere in between counts: what exceeds the rest is rejected', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const elsewhere = await fixture.context.provider.refundPayment(conomyId, { amount: '29900.00' });
    expect(elsewhere.ok).toBe(true);
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'refund_exceeds_refundable' },
    });
    expect(await refundEffects(conomyId)).toBe(1);
    expect(await childrenOf(paymentKey)).toEqual([{ status: 'RECEIVED', amount: '29900.00' }]);
  });

  test('that failed gives its amount back', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const failed = await fixture.context.provider.refundPayment(conomyId, { amount: '30000.00' });
    if (!failed.ok) throw new Error(failed.failure.reason);
    await fixture.control(`payments/${failed.value.id}/transition`, { status: 'FAILED' });
    const id = await insertRefund(fixture.pool, paymentKey, '30000.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('a refund whose answer was lost', () => {
  test('but that was made is found among the refunds and not made again', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    await fixture.context.provider.refundPayment(conomyId, { amount: '150.00' });
    await fixture.control('faults', {
      seed: 1,
      rules: [{ operation: 'refund', fault: 'commit-then-timeout', count: 1 }],
    });
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await findAttemptsOfCommand(fixture.pool, id)).toMatchObject([
      { outcome: 'unknown', resolution: 'succeeded' },
    ]);
    expect(await refundEffects(conomyId)).toBe(2);
    expect(await reservation(paymentKey)).toMatchObject({ done: 30_000, reserved: 0 });
  });

  test('is found also when a webhook told of it first', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const { refundPayment } = fixture.context.provider;
    const heard = {
      ...fixture.context.provider,
      refundPayment: async (...call: Parameters<typeof refundPayment>) => {
        const made = await refundPayment(...call);
        if (!made.ok) throw new Error(made.failure.reason);
        await fixture.pool.query(
          `insert into payments (key, kind, parent_key, conomy_id) values (gen_random_uuid(), 'refund', $1, $2)`,
          [paymentKey, made.value.id],
        );
        return { ok: false as const, failure: { stage: 'no_clear_answer' as const, reason: 'timeout' } };
      },
    };
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    await executeCommand({ ...fixture.context, provider: heard }, id);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await refundEffects(conomyId)).toBe(1);
  });

  test('and that cannot be found is parked, keeps its reservation and is never sent again', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'refund', fault: '500', count: 1 }] });
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'refund_unresolved' },
    });
    expect(await findAttemptsOfCommand(fixture.pool, id)).toHaveLength(1);
    expect(await refundEffects(conomyId)).toBe(0);
    expect(await reservation(paymentKey)).toMatchObject({ reserved: 15_000 });
  });

  test('and that somebody then makes at Conomy is found by a redrive, which sends nothing', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'refund', fault: '500', count: 1 }] });
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'parked' });
    const byHand = await fixture.context.provider.refundPayment(conomyId, { amount: '150.00' });
    expect(byHand).toMatchObject({ ok: true });
    await redrive(fixture, id);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await refundEffects(conomyId)).toBe(1);
    expect(await reservation(paymentKey)).toMatchObject({ reserved: 0 });
  });
});

describe('a payment attempt', () => {
  test('is created once and mirrored as ATTEMPT, and no read of it is scheduled', async () => {
    const { id, paymentKey } = await insertAttempt(fixture.pool);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ kind: 'attempt', status: 'ATTEMPT' });
    const { rows } = await fixture.pool.query('select offer_at from payments where key = $1', [paymentKey]);
    expect(rows).toEqual([{ offer_at: null }]);
  });

  test('takes no capture and no refund', async () => {
    const { id, paymentKey } = await insertAttempt(fixture.pool);
    await runToItsEnd(fixture, id);
    for (const later of [
      await insertLater(fixture.pool, paymentKey, 'capture'),
      await insertRefund(fixture.pool, paymentKey, '150.00', 'blocked'),
    ]) {
      expect(await runToItsEnd(fixture, later)).toMatchObject({
        status: 'rejected',
        problem: { code: 'payment_not_open' },
      });
      expect(await findAttemptsOfCommand(fixture.pool, later)).toEqual([]);
    }
  });

  test('whose answer was lost is found by its externalId', async () => {
    await fixture.control('faults', {
      seed: 1,
      rules: [{ operation: 'attempt', fault: 'commit-then-timeout', count: 1 }],
    });
    const { id } = await insertAttempt(fixture.pool);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await findAttemptsOfCommand(fixture.pool, id)).toMatchObject([
      { outcome: 'unknown', resolution: 'succeeded' },
    ]);
  });
});
