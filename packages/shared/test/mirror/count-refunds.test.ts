// What Conomy did is recorded whatever it comes to, and a person is told what is too much or too late.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doubtRefund, endDoubt } from '../../src/db/doubtful-refunds.ts';
import { lockPayment } from '../../src/db/payments.ts';
import type { Pool } from '../../src/db/pool.ts';
import { claimRefundChild, linkRefundChild, placeRefund, reserveRefund } from '../../src/db/refunds.ts';
import { settleSecondKey } from '../../src/db/second-keys.ts';
import { inTransaction, violates } from '../../src/db/transaction.ts';
import { observePayment } from '../../src/mirror/observe-payment.ts';
import { insertPayment, openDatabaseFixture, readRow } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());

/** A settled payment of 100.00 COP. */
const settled = () =>
  insertPayment(pool, { status: 'SETTLED', snapshot: { totalAmount: '100.00', currency: 'COP' } });

/** A read tells of a refund of the payment; its key. */
function hear(parentKey: string, id: string, amount: string, status = 'RECEIVED'): Promise<string> {
  return inTransaction(pool, async (tx) => {
    const key = await linkRefundChild(tx, parentKey, id);
    const row = key === null ? null : await lockPayment(tx, key);
    if (row === null) throw new Error(`${id} is no refund of ${parentKey}`);
    const snapshot = { type: 'REFUND', totalAmount: amount, currency: 'COP' };
    const facts = {
      source: 'read',
      status,
      conomyId: id,
      snapshot,
      sourceId: null,
      askedAtVersion: null,
    } as const;
    await observePayment(tx, row, { ...facts, totalAmount: amount, currency: 'COP' }, 0.5);
    return row.key;
  });
}

async function alarms(paymentKey: string): Promise<string[]> {
  const { rows } = await pool.query(
    'select kind, status from discrepancies where payment_key = $1 order by opened_at, kind',
    [paymentKey],
  );
  return rows.map(({ kind, status }) => `${kind} ${status}`);
}

const doneOf = async (key: string) => (await readRow(pool, 'payments', 'key', key)).refund_done_minor;

/** A refund command of this payment with one attempt that nobody knows the outcome of; the attempt's id. */
async function lostRefund(paymentKey: string, amount: string): Promise<number> {
  const id = randomUUID();
  await pool.query(
    `insert into commands (id, idempotency_key, fingerprint, payment_key, type, steps, status, accepted_by, problem, refund)
     values ($1::uuid, $1::text, sha256($1::text::bytea), $2, 'payment.refund', '{refund}', 'parked', 'test', '{}', $3)`,
    [id, paymentKey, { amount, currency: 'COP' }],
  );
  const { rows } = await pool.query<{ id: number }>(
    `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, outcome,
       finished_at, resolution, resolved_at)
     values ($1, $2, 0, 'refund', 1, 1, 'test', capstan_now(), 'unknown', capstan_now(), 'parked', capstan_now())
     returning id`,
    [id, paymentKey],
  );
  await inTransaction(pool, (tx) =>
    reserveRefund(tx, paymentKey, { wholeMinor: 10_000n, doneMinor: 0n, reservedMinor: 4_000n }, null),
  );
  return Number(rows[0]?.id);
}

/** What an operator's conclusion does to a refund that was not made. */
async function ruleOut(attemptId: number, paymentKey: string): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await lockPayment(tx, paymentKey);
    await doubtRefund(tx, attemptId);
    // As a conclusion resolves it; the name of that resolution is not known to this schema yet.
    await tx.query(`update attempts set resolution = 'rejected' where id = $1`, [attemptId]);
  });
}

describe('refunds of a payment', () => {
  test('count as they are told, whoever made them, and those that failed do not', async () => {
    const key = await settled();
    await hear(key, `a-${key}`, '30.00');
    await hear(key, `b-${key}`, '20.5', 'SETTLED');
    expect(await doneOf(key)).toBe(5_050);
    await hear(key, `a-${key}`, '30.00', 'FAILED');
    expect(await doneOf(key)).toBe(2_050);
    expect(await alarms(key)).toEqual([]);
  });

  test('above what it has are recorded and told to a person, once', async () => {
    const key = await settled();
    await hear(key, `a-${key}`, '60.00');
    await hear(key, `b-${key}`, '60.00');
    await hear(key, `b-${key}`, '60.00');
    expect(await doneOf(key)).toBe(12_000);
    expect(await alarms(key)).toEqual(['over_refunded open']);
    await hear(key, `b-${key}`, '60.00', 'FAILED');
    expect(await alarms(key)).toEqual(['over_refunded explained']);
  });

  test('above what it has are recorded also while an amount is reserved', async () => {
    const key = await settled();
    await lostRefund(key, '40.00');
    await hear(key, `a-${key}`, '90.00');
    expect(await doneOf(key)).toBe(9_000);
  });

  test('that came before it are counted when it is read', async () => {
    const conomyId = `conomy-${randomUUID()}`;
    await inTransaction(pool, async (tx) => {
      const key = (await placeRefund(tx, `a-${conomyId}`, conomyId)) ?? '';
      const row = await lockPayment(tx, key);
      if (row === null) throw new Error('it has no row');
      const amounts = { totalAmount: '150.00', currency: 'COP' };
      const told = { status: 'SETTLED', conomyId: `a-${conomyId}`, ...amounts, snapshot: amounts };
      await observePayment(tx, row, { ...told, source: 'read', sourceId: null, askedAtVersion: null }, 0.5);
    });
    const key = await insertPayment(pool, { conomyId });
    await inTransaction(pool, async (tx) => {
      const row = await lockPayment(tx, key);
      if (row === null) throw new Error('it has no row');
      const amounts = { totalAmount: '100.00', currency: 'COP' };
      const told = { status: 'SETTLED', conomyId, ...amounts, snapshot: amounts };
      await observePayment(tx, row, { ...told, source: 'read', sourceId: null, askedAtVersion: null }, 0.5);
    });
    expect(await alarms(key)).toEqual(['over_refunded open']);
  });

  test('of another payment are never linked to this one', async () => {
    const [key, other] = [await settled(), await settled()];
    await hear(other, `a-${other}`, '1.00');
    expect(await inTransaction(pool, (tx) => linkRefundChild(tx, key, `a-${other}`))).toBeNull();
  });
});

test('refunds of a payment that was mirrored under two keys go with it to the older one', async () => {
  const older = await insertPayment(pool);
  const younger = await settled();
  const child = await hear(younger, `a-${younger}`, '30.00');
  const problem = { code: 'payment_known_under_other_key', detail: 'the older one has it' } as const;
  await inTransaction(pool, (tx) => settleSecondKey(tx, older, `conomy-${younger}`, problem));
  expect(await readRow(pool, 'payments', 'key', child)).toMatchObject({
    parent_key: older,
    refund_number: 1,
    linked_late: true,
  });
});

describe('a refund that was ruled out', () => {
  test('leaves its amount to nobody until the doubt is ended', async () => {
    const key = await settled();
    const attemptId = await lostRefund(key, '40.00');
    await ruleOut(attemptId, key);
    expect(await readRow(pool, 'payments', 'key', key)).toMatchObject({
      refund_doubtful_minor: 4_000,
      refund_reserved_minor: 0,
    });
    const reserve = (reservedMinor: bigint) =>
      inTransaction(pool, (tx) =>
        reserveRefund(tx, key, { wholeMinor: 10_000n, doneMinor: 0n, reservedMinor }, null),
      );
    await expect(reserve(6_001n)).rejects.toSatisfy((error) => (error as { code?: string }).code === '23514');
    await reserve(6_000n);
    await inTransaction(pool, (tx) => endDoubt(tx, attemptId));
    expect(await readRow(pool, 'payments', 'key', key)).toMatchObject({ refund_doubtful_minor: 0 });
  });

  test('and shows up late is bound to the command that was ended, and told to a person', async () => {
    const key = await settled();
    const attemptId = await lostRefund(key, '40.00');
    await ruleOut(attemptId, key);
    const late = await hear(key, `late-${key}`, '40.00');
    expect(await readRow(pool, 'attempts', 'id', attemptId)).toMatchObject({ refund_key: late });
    expect(await readRow(pool, 'payments', 'key', key)).toMatchObject({
      refund_doubtful_minor: 0,
      refund_done_minor: 4_000,
    });
    expect(await alarms(key)).toEqual(['late_refund open']);
  });

  test('takes none that was there when it was ruled out, none of another amount, and none while a later one is at work', async () => {
    const key = await settled();
    const attemptId = await lostRefund(key, '40.00');
    await hear(key, `there-${key}`, '40.00');
    await ruleOut(attemptId, key);
    await hear(key, `there-${key}`, '40.00', 'SETTLED');
    await hear(key, `other-${key}`, '10.00');
    await pool.query(
      `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at)
       select command_id, payment_key, 0, 'refund', 2, 2, 'test', capstan_now() from attempts where id = $1`,
      [attemptId],
    );
    await hear(key, `new-${key}`, '40.00');
    expect(await readRow(pool, 'attempts', 'id', attemptId)).toMatchObject({ refund_key: null });
    expect(await alarms(key)).toEqual([]);
  });
});

describe('the claim of a refund', () => {
  test('is held by one attempt alone', async () => {
    const key = await settled();
    const [one, two] = [await lostRefund(key, '40.00'), await lostRefund(await settled(), '40.00')];
    const child = await hear(key, `a-${key}`, '40.00');
    const claim = (attemptId: number) => inTransaction(pool, (tx) => claimRefundChild(tx, attemptId, child));
    expect([await claim(one), await claim(two), await claim(one)]).toEqual([true, false, true]);
    const forced = pool.query('update attempts set refund_key = $2 where id = $1', [two, child]);
    await expect(forced).rejects.toSatisfy((error) => violates(error, 'attempts_refund_key_key'));
  });
});
