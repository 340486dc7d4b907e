/**
 * A refund that a person ruled out and Conomy may do all the same. The goal: while nobody has confirmed that it never will, a
 * later refund of the same amount whose answer is lost is for a person, since nothing tells which of both a new one is.
 */
import { markConcluded, ruleOutAttempts } from '@capstan/shared/db/conclusions';
import { doubtRefund, endDoubt } from '@capstan/shared/db/doubtful-refunds';
import { findPayment, lockPayment } from '@capstan/shared/db/payments';
import { inTransaction } from '@capstan/shared/db/transaction';
import type { ProviderResult } from '@capstan/shared/provider/payment-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertCreate,
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

type Provider = CapturerContext['provider'];

const LOST: ProviderResult<never> = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };

const withProvider = (over: Partial<Provider>) => ({
  pool: fixture.pool,
  context: { ...fixture.context, provider: { ...fixture.context.provider, ...over } },
});

/** A payment of 30,000.00 COP of which a refund of 150.00 was ruled out. */
async function doubtedPayment() {
  const { id, paymentKey } = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, id);
  const conomyId = (await findPayment(fixture.pool, paymentKey))?.conomyId ?? '';
  for (const status of ['RECEIVED', 'SETTLED'])
    await fixture.control(`payments/${conomyId}/transition`, { status });
  const ruledOut = await insertRefund(fixture.pool, paymentKey, '150.00');
  await runToItsEnd(withProvider({ refundPayment: async () => LOST }), ruledOut);
  const attemptId = await inTransaction(fixture.pool, async (tx) => {
    await lockPayment(tx, paymentKey);
    await ruleOutAttempts(tx, ruledOut, []);
    const { rows } = await tx.query<{ id: number }>('select id from attempts where command_id = $1', [
      ruledOut,
    ]);
    await doubtRefund(tx, rows[0]?.id ?? 0);
    await markConcluded(tx, ruledOut, { code: 'not_made', detail: 'x' });
    return rows[0]?.id ?? 0;
  });
  return { paymentKey, conomyId, ruledOut, attemptId };
}

/** Conomy makes the refund and its answer is lost. */
const losing = () => {
  const { refundPayment } = fixture.context.provider;
  return withProvider({
    refundPayment: async (id, body, options) => {
      const made = await refundPayment(id, body, options);
      if (!made.ok) throw new Error(made.failure.reason);
      return LOST;
    },
  });
};

async function claimsOf(paymentKey: string) {
  const { rows } = await fixture.pool.query<{ id: string }>(
    'select command_id as id from attempts where payment_key = $1 and refund_key is not null order by id',
    [paymentKey],
  );
  return rows.map(({ id }) => id);
}

async function sums(key: string) {
  const { rows } = await fixture.pool.query(
    `select refund_done_minor as done, refund_reserved_minor as reserved, refund_doubtful_minor as doubtful
     from payments where key = $1`,
    [key],
  );
  return rows[0];
}

test('a lost refund of the doubtful amount is parked and bound to neither, until the doubt is ended', async () => {
  const { paymentKey, attemptId } = await doubtedPayment();
  const second = await insertRefund(fixture.pool, paymentKey, '150.00');
  expect(await runToItsEnd(losing(), second)).toMatchObject({
    status: 'parked',
    problem: { code: 'payment_unclear' },
  });
  expect(await claimsOf(paymentKey)).toEqual([]);
  expect(await sums(paymentKey)).toEqual({ done: 15_000, reserved: 15_000, doubtful: 15_000 });

  await inTransaction(fixture.pool, async (tx) => {
    await lockPayment(tx, paymentKey);
    await endDoubt(tx, attemptId);
  });
  await redrive(fixture, second);
  expect(await runToItsEnd(fixture, second)).toMatchObject({ status: 'succeeded' });
  expect(await claimsOf(paymentKey)).toEqual([second]);
  expect(await sums(paymentKey)).toEqual({ done: 15_000, reserved: 0, doubtful: 0 });
});

test('a lost refund of another amount is bound by its amount', async () => {
  const { paymentKey } = await doubtedPayment();
  const second = await insertRefund(fixture.pool, paymentKey, '151.00');
  expect(await runToItsEnd(losing(), second)).toMatchObject({ status: 'succeeded' });
  expect(await claimsOf(paymentKey)).toEqual([second]);
  expect(await sums(paymentKey)).toEqual({ done: 15_100, reserved: 0, doubtful: 15_000 });
});

test('a refund of the doubtful amount whose answer names it is bound by that', async () => {
  const { paymentKey } = await doubtedPayment();
  const second = await insertRefund(fixture.pool, paymentKey, '150.00');
  expect(await runToItsEnd(fixture, second)).toMatchObject({ status: 'succeeded' });
  expect(await claimsOf(paymentKey)).toEqual([second]);
  expect(await sums(paymentKey)).toMatchObject({ done: 15_000, doubtful: 15_000 });
});
