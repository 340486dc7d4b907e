// Refunds made elsewhere before, between and after our reads, and answers that name another refund than was asked for. The
// goal: a refund command succeeds only by a refund of its own, each refund belongs to at most one command, and what Conomy
// gave back counts as it is.
import { randomUUID } from 'node:crypto';
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { linkRefundChild } from '@capstan/shared/db/refunds';
import { adoptPayment } from '@capstan/shared/mirror/adopt-payment';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { collectBody } from '@capstan/testing/create-bodies';
import { until } from '@capstan/testing/until';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
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
afterEach(() => fixture.control('faults', { seed: 1, rules: [] }));

type Provider = CapturerContext['provider'];

/** A capturer whose provider does these calls in another way. */
const withProvider = (over: Partial<Provider>) => ({
  pool: fixture.pool,
  context: { ...fixture.context, provider: { ...fixture.context.provider, ...over } },
});

const LOST: ProviderResult<never> = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };

/** A payment of 30,000.00 COP, settled at Conomy and captured by a command of ours. */
async function settledPayment() {
  const { id, paymentKey } = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, id);
  const conomyId = (await findPayment(fixture.pool, paymentKey))?.conomyId ?? '';
  await settle(conomyId);
  return { paymentKey, conomyId };
}

async function settle(conomyId: string) {
  for (const status of ['RECEIVED', 'SETTLED'])
    await fixture.control(`payments/${conomyId}/transition`, { status });
}

async function refundElsewhere(parentId: string, amount: string): Promise<ObservedPayment> {
  const made = await fixture.context.provider.refundPayment(parentId, { amount });
  if (!made.ok) throw new Error(made.failure.reason);
  return made.value;
}

async function claimsOf(paymentKey: string): Promise<string[]> {
  const { rows } = await fixture.pool.query<{ claim: string }>(
    `select p.conomy_id || ' by ' || a.command_id as claim from attempts a join payments p on p.key = a.refund_key
     where p.parent_key = $1 order by 1`,
    [paymentKey],
  );
  return rows.map(({ claim }) => claim);
}

async function sums(key: string) {
  const { rows } = await fixture.pool.query(
    'select refund_done_minor as done, refund_reserved_minor as reserved from payments where key = $1',
    [key],
  );
  return rows[0];
}

async function alarmsOf(paymentKey: string): Promise<string[]> {
  const { rows } = await fixture.pool.query<{ kind: string }>(
    `select kind from discrepancies where status = 'open'
       and (payment_key = $1 or payment_key in (select key from payments where parent_key = $1)) order by kind`,
    [paymentKey],
  );
  return rows.map(({ kind }) => kind);
}

const calls = async (id: string) => (await findAttemptsOfCommand(fixture.pool, id)).length;

describe('a refund made elsewhere', () => {
  test('before ours and listed late is not taken for ours, whose call never arrived', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    await refundElsewhere(conomyId, '150.00');
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    let wasSent = false;
    const { listRefundsOf } = fixture.context.provider;
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    const late = withProvider({
      refundPayment: async () => {
        wasSent = true;
        return LOST;
      },
      listRefundsOf: async (parentId, options) => {
        const listed = await listRefundsOf(parentId, options);
        if (!listed.ok) return listed;
        const refunds = listed.value.refunds.map((refund) => ({ ...refund, createdAt: hourAgo }));
        return { ok: true, value: { ...listed.value, refunds: wasSent ? refunds : [] } };
      },
    });
    expect(await runToItsEnd(late, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'refund_unresolved' },
    });
    expect(await claimsOf(paymentKey)).toEqual([]);
  });

  test('cannot be told from a lost one where the list before it had no date, and is for a person', async () => {
    const { paymentKey } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { listRefundsOf, refundPayment } = fixture.context.provider;
    const undated = withProvider({
      refundPayment: async (...call) => {
        await refundPayment(...call);
        return LOST;
      },
      listRefundsOf: async (parentId, options) => {
        const listed = await listRefundsOf(parentId, options);
        if (!listed.ok) return listed;
        const { listedAt: _, ...value } = listed.value;
        return { ok: true, value };
      },
    });
    expect(await runToItsEnd(undated, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'payment_unclear' },
    });
    expect(await claimsOf(paymentKey)).toEqual([]);
  });

  test('beside a lost one of the same amount leaves two, of which none is taken', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { refundPayment } = fixture.context.provider;
    const both = withProvider({
      refundPayment: async (...call) => {
        await refundPayment(...call);
        await refundElsewhere(conomyId, '150.00');
        return LOST;
      },
    });
    const ended = await runToItsEnd(both, id);
    expect(ended).toMatchObject({ status: 'parked', problem: { code: 'refund_unresolved' } });
    expect(ended.problem?.detail).toMatch(/several new refunds of that amount/);
    expect(await claimsOf(paymentKey)).toEqual([]);
    expect(await calls(id)).toBe(1);
  });

  test('of another amount after a lost one leaves that one unresolved, and says so', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const other = withProvider({
      refundPayment: async () => {
        await refundElsewhere(conomyId, '150.01');
        return LOST;
      },
    });
    const ended = await runToItsEnd(other, id);
    expect(ended).toMatchObject({ status: 'parked', problem: { code: 'refund_unresolved' } });
    expect(ended.problem?.detail).toMatch(/new refunds of other amounts alone/);
    const { rows } = await fixture.pool.query(
      'select finding from attempt_reads r join attempts a on a.id = r.attempt_id where a.command_id = $1',
      [id],
    );
    expect(rows.length).toBeGreaterThanOrEqual(3);
  });

  test('is not claimed by a second command whose answer was lost', async () => {
    const { paymentKey } = await settledPayment();
    const { refundPayment } = fixture.context.provider;
    const first = await insertRefund(fixture.pool, paymentKey, '150.00');
    const second = await insertRefund(fixture.pool, paymentKey, '150.00', 'blocked');
    const lost = withProvider({
      refundPayment: async (...call) => {
        await refundPayment(...call);
        return LOST;
      },
    });
    expect(await runToItsEnd(lost, first)).toMatchObject({ status: 'succeeded' });
    const never = withProvider({ refundPayment: async () => LOST });
    expect(await runToItsEnd(never, second)).toMatchObject({
      status: 'parked',
      problem: { code: 'refund_unresolved' },
    });
    expect(await claimsOf(paymentKey)).toHaveLength(1);
  });
});

describe('a refund mirrored before its payment', () => {
  /** Payment and refund made elsewhere; a webhook of the refund comes before anybody names the payment. */
  async function adoptedFirst(amount: string) {
    const body = JSON.stringify(collectBody(`elsewhere-${randomUUID()}`));
    const created = await fixture.context.provider.createPayment(body);
    if (!created.ok) throw new Error(created.failure.reason);
    const conomyId = created.value.id;
    await fixture.context.provider.capturePayment(conomyId);
    await settle(conomyId);
    const refund = await refundElsewhere(conomyId, amount);
    const childKey = (await adoptPayment(fixture.context, refund.id)) ?? '';
    expect(await findPayment(fixture.pool, childKey)).toMatchObject({ kind: 'refund', parentKey: null });
    const paymentKey = randomUUID();
    await fixture.pool.query('insert into payments (key, conomy_id) values ($1, $2)', [paymentKey, conomyId]);
    return { paymentKey, conomyId, childKey };
  }

  test('is linked when the payment comes, and counts against it', async () => {
    const { paymentKey, childKey } = await adoptedFirst('20000.00');
    expect(await findPayment(fixture.pool, childKey)).toMatchObject({ parentKey: paymentKey });
    const id = await insertRefund(fixture.pool, paymentKey, '20000.00');
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'refund_exceeds_refundable' },
    });
    expect(await calls(id)).toBe(0);
  });

  test('is not taken for a lost one of the same amount', async () => {
    const { paymentKey } = await adoptedFirst('150.00');
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    expect(await runToItsEnd(withProvider({ refundPayment: async () => LOST }), id)).toMatchObject({
      status: 'parked',
      problem: { code: 'refund_unresolved' },
    });
    expect(await claimsOf(paymentKey)).toEqual([]);
  });
});

describe('the answer to a refund', () => {
  test('that names another amount is taken as it is, and nothing further leaves before a person has looked', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const next = await insertRefund(fixture.pool, paymentKey, '1.00', 'blocked');
    const { refundPayment } = fixture.context.provider;
    const generous = withProvider({
      refundPayment: (parentId) => refundPayment(parentId, { amount: '200.00' }),
    });
    expect(await runToItsEnd(generous, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'amount_differs' },
    });
    expect(await claimsOf(paymentKey)).toHaveLength(1);
    expect(await sums(paymentKey)).toEqual({ done: 20_000, reserved: 0 });
    expect(await alarmsOf(paymentKey)).toEqual(['amount_differs']);
    await redrive(fixture, id);
    expect(await runToItsEnd(generous, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'amount_differs' },
    });
    await executeCommand(fixture.context, next);
    expect([await calls(id), await calls(next)]).toEqual([1, 0]);
    const { payments } = await fixture.control('ledger');
    const parent = (payments as { id: string; effects: object }[]).find((payment) => payment.id === conomyId);
    expect(parent?.effects).toMatchObject({ refund: 1 });
  });

  test('that gives back more than the payment has is recorded, and told to a person', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    await refundElsewhere(conomyId, '100.00');
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const over = withProvider({
      refundPayment: async (parentId) => ({
        ok: true,
        value: {
          id: `over-${id}`,
          status: 'RECEIVED',
          parentPaymentId: parentId,
          totalAmount: '30000.00',
          currency: 'COP',
          raw: { totalAmount: '30000.00', currency: 'COP' },
        },
      }),
    });
    expect(await runToItsEnd(over, id)).toMatchObject({ problem: { code: 'amount_differs' } });
    expect(await sums(paymentKey)).toEqual({ done: 3_010_000, reserved: 0 });
    expect(await alarmsOf(paymentKey)).toEqual(['amount_differs', 'over_refunded']);
  });

  test.each<[string, Partial<ObservedPayment>]>([
    ['a refund of another payment', { parentPaymentId: 'another' }],
    ['a payment that is no refund', { type: 'COLLECT' }],
    ['a refund in another currency', { currency: 'USD' }],
  ])('that names %s is never bound, and nothing is sent again', async (_what, over) => {
    const { paymentKey } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const strange = withProvider({
      refundPayment: async (parentId) => ({
        ok: true,
        value: {
          id: `strange-${id}`,
          status: 'RECEIVED',
          type: 'REFUND',
          parentPaymentId: parentId,
          totalAmount: '150.00',
          currency: 'COP',
          raw: {},
          ...over,
        },
      }),
    });
    expect(await runToItsEnd(strange, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'payment_unclear' },
    });
    expect(await claimsOf(paymentKey)).toEqual([]);
    expect(await sums(paymentKey)).toEqual({ done: 0, reserved: 15_000 });
    expect(await calls(id)).toBe(1);
  });

  test('that names the refund of an earlier command is never bound to two', async () => {
    const { paymentKey } = await settledPayment();
    const { refundPayment } = fixture.context.provider;
    let first: ProviderResult<ObservedPayment> | null = null;
    const forgetful = withProvider({
      refundPayment: async (...call) => {
        first ??= await refundPayment(...call);
        return first;
      },
    });
    const one = await insertRefund(fixture.pool, paymentKey, '150.00');
    const two = await insertRefund(fixture.pool, paymentKey, '150.00', 'blocked');
    expect(await runToItsEnd(forgetful, one)).toMatchObject({ status: 'succeeded' });
    expect(await runToItsEnd(forgetful, two)).toMatchObject({
      status: 'parked',
      problem: { code: 'payment_unclear' },
    });
    expect(await claimsOf(paymentKey)).toHaveLength(1);
  });

  test('that leaves its amount out is read whole before it counts', async () => {
    const { paymentKey } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { refundPayment } = fixture.context.provider;
    const terse = withProvider({
      refundPayment: async (...call) => {
        const made = await refundPayment(...call);
        if (!made.ok) return made;
        const { id, status, parentPaymentId } = made.value;
        return { ok: true, value: { id, status, parentPaymentId, raw: { refundId: id, status } } };
      },
    });
    expect(await runToItsEnd(terse, id)).toMatchObject({ status: 'succeeded' });
    expect(await findAttemptsOfCommand(fixture.pool, id)).toMatchObject([
      { outcome: 'unknown', resolution: 'succeeded' },
    ]);
    expect(await sums(paymentKey)).toEqual({ done: 15_000, reserved: 0 });
  });
});

describe('who writes a refund at the same time', () => {
  /** A transaction that stays open until it is told to end. */
  async function held(work: (tx: PoolClient) => Promise<unknown>) {
    const tx = await fixture.pool.connect();
    await tx.query('begin');
    await work(tx);
    return async () => {
      await tx.query('commit');
      tx.release();
    };
  }

  const someoneWaits = () =>
    until(
      async () => {
        const { rows } = await fixture.pool.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      },
      { deadlineMs: 10_000, what: 'somebody waits for a row' },
    );

  test('a delivery that mirrors it while its answer is recorded leaves one row, one number and one claim', async () => {
    const { paymentKey } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { refundPayment } = fixture.context.provider;
    let commit = async () => {};
    const told = withProvider({
      refundPayment: async (...call) => {
        const made = await refundPayment(...call);
        if (!made.ok) throw new Error(made.failure.reason);
        // The delivery has linked it and has not committed when the answer comes.
        commit = await held((tx) => linkRefundChild(tx, paymentKey, made.value.id));
        return made;
      },
    });
    const executed = executeCommand(told.context, id);
    await someoneWaits();
    await commit();
    await executed;
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await claimsOf(paymentKey)).toHaveLength(1);
    const { rows } = await fixture.pool.query(
      'select refund_number as number from payments where parent_key = $1',
      [paymentKey],
    );
    expect(rows).toEqual([{ number: 1 }]);
    expect(await sums(paymentKey)).toEqual({ done: 15_000, reserved: 0 });
  });

  test('a refund linked while the attempt begins is there before it', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { listRefundsOf } = fixture.context.provider;
    let commit: (() => Promise<void>) | null = null;
    const told = withProvider({
      listRefundsOf: async (...call) => {
        const listed = await listRefundsOf(...call);
        if (commit === null) {
          const elsewhere = await refundElsewhere(conomyId, '150.00');
          commit = await held((tx) => linkRefundChild(tx, paymentKey, elsewhere.id));
        }
        return listed;
      },
      refundPayment: async () => LOST,
    });
    const context = { ...told.context, timings: { ...told.context.timings, readAgainMs: 50 } };
    const executed = executeCommand(context, id);
    await someoneWaits();
    await (commit as (() => Promise<void>) | null)?.();
    await executed;
    const ended = await runToItsEnd({ pool: fixture.pool, context }, id);
    expect(ended).toMatchObject({ status: 'parked', problem: { code: 'refund_unresolved' } });
    expect(await claimsOf(paymentKey)).toEqual([]);
  });

  test('a capturer that took over finds the refund, and the first one claims nothing more', async () => {
    const { paymentKey } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const second = fixture.another('second');
    const { refundPayment } = fixture.context.provider;
    const slow = withProvider({
      refundPayment: async (...call) => {
        const made = await refundPayment(...call);
        await fixture.pool.query(
          `update commands set claimed_until = capstan_now(), due_at = capstan_now() where id = $1`,
          [id],
        );
        const taken = await runToItsEnd({ pool: fixture.pool, context: second.context }, id);
        expect(taken).toMatchObject({ status: 'succeeded' });
        return made;
      },
    });
    await executeCommand(slow.context, id);
    await second.close();
    expect(await claimsOf(paymentKey)).toHaveLength(1);
    expect(await findAttemptsOfCommand(fixture.pool, id)).toMatchObject([
      { outcome: 'unknown', resolution: 'succeeded' },
    ]);
    expect(await sums(paymentKey)).toEqual({ done: 15_000, reserved: 0 });
  });
});
