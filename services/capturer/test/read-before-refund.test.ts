// The reads before a refund tell too little, or less than the mirror knows: nothing is sent, nothing is rejected by one
// stale read, and no command waits for ever with nobody told.
import { randomUUID } from 'node:crypto';
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import type { ObservedPayment, ProviderFailure, RefundList } from '@capstan/shared/provider/payment-provider';
import { collectBody } from '@capstan/testing/create-bodies';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import { capturerTimings } from '../src/timings.ts';
import {
  type CapturerFixture,
  insertCreate,
  insertRefund,
  openCapturerFixture,
  redrive,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

const READS_MAX = 4;

/** A capturer whose provider does these calls in another way, and that asks a person after four reads. */
function capturer(over: Partial<CapturerContext['provider']>): CapturerContext {
  const timings = { ...fixture.context.timings, vainReadsMax: READS_MAX, contradictingReadsMax: READS_MAX };
  return { ...fixture.context, timings, provider: { ...fixture.context.provider, ...over } };
}

async function settledPayment() {
  const { id, paymentKey } = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, id);
  const conomyId = (await findPayment(fixture.pool, paymentKey))?.conomyId ?? '';
  for (const status of ['RECEIVED', 'SETTLED'])
    await fixture.control(`payments/${conomyId}/transition`, { status });
  return { paymentKey, conomyId };
}

/** A settled payment that no create of ours made. */
async function adoptedPayment() {
  const made = await fixture.context.provider.createPayment(
    JSON.stringify(collectBody(`elsewhere-${randomUUID()}`)),
  );
  if (!made.ok) throw new Error(made.failure.reason);
  const conomyId = made.value.id;
  await fixture.context.provider.capturePayment(conomyId);
  for (const status of ['RECEIVED', 'SETTLED'])
    await fixture.control(`payments/${conomyId}/transition`, { status });
  const paymentKey = randomUUID();
  await fixture.pool.query('insert into payments (key, conomy_id) values ($1, $2)', [paymentKey, conomyId]);
  return { paymentKey, conomyId };
}

/** Executes the command so many times, as if it had become due each time; its status after each. */
async function execute(context: CapturerContext, id: string, times: number): Promise<string[]> {
  const statuses: string[] = [];
  for (let time = 0; time < times; time++) {
    await fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);
    await executeCommand(context, id);
    statuses.push((await findCommand(fixture.pool, id))?.status ?? 'gone');
  }
  return statuses;
}

const problemOf = async (id: string) => (await findCommand(fixture.pool, id))?.problem?.code;

const failing = (failure: Partial<ProviderFailure>) => async () => ({
  ok: false as const,
  failure: { stage: 'answered', reason: 'any', ...failure } as ProviderFailure,
});
const listing = (value: Partial<RefundList>) => async () => ({
  ok: true as const,
  value: { refunds: [], unreadableRows: 0, ...value },
});

describe('refunds that cannot be read whole', () => {
  test.each<[string, CapturerContext['provider']['listRefundsOf']]>([
    ['a row that names no parent', listing({ unreadableRows: 1 })],
    ['rows that are missing', listing({ gap: 'rows_missing' })],
    [
      'a list that has no end',
      failing({ stage: 'no_clear_answer', reason: 'list_too_long', httpStatus: 200 }),
    ],
    ['a list that is refused', failing({ httpStatus: 403 })],
  ])(
    'are told to a person after enough reads that were answered, and nothing is sent: %s',
    async (_what, list) => {
      const { paymentKey } = await settledPayment();
      const id = await insertRefund(fixture.pool, paymentKey, '150.00');
      const context = capturer({
        listRefundsOf: list,
        refundPayment: () => {
          throw new Error('a refund was sent');
        },
      });
      expect(await execute(context, id, READS_MAX)).toEqual([
        'executing',
        'executing',
        'executing',
        'parked',
      ]);
      expect(await problemOf(id)).toBe('refunds_unreadable');
      await redrive(fixture, id);
      expect(await execute(context, id, 1)).toEqual(['executing']);
      expect(await execute(fixture.context, id, 1)).toEqual(['succeeded']);
    },
  );

  test.each<[string, CapturerContext['provider']['listRefundsOf']]>([
    ['is away', failing({ stage: 'no_clear_answer', reason: 'http_503', httpStatus: 503 })],
    ['cannot be reached', failing({ stage: 'not_sent', reason: 'connect_refused' })],
    ['turns us away', failing({ reason: 'http_429', httpStatus: 429 })],
  ])('wait as long as Conomy %s', async (_what, list) => {
    const { paymentKey } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const statuses = await execute(capturer({ listRefundsOf: list }), id, 2 * READS_MAX);
    expect(new Set(statuses)).toEqual(new Set(['executing']));
  });

  test('are told after fifteen minutes of reads in production', () => {
    const calls = { sendWindowMs: 2_000, callMsMax: 10_000, absenceReadsMin: 3, absenceSpanMs: 45_000 };
    const bounds = { scanRowsMax: 1_000_000, unknownMsMax: 7_200_000, refundUnreadableMs: 900_000 };
    const timings = capturerTimings({ ...calls, ...bounds });
    expect((timings.vainReadsMax - 1) * timings.readAgainMs).toBe(900_000);
    expect((timings.contradictingReadsMax - 1) * timings.readAgainMs).toBe(45_000);
  });
});

describe('a child whose amount the list leaves out', () => {
  const withoutAmount = ({
    totalAmount: _t,
    purchaseAmount: _p,
    ...child
  }: ObservedPayment): ObservedPayment => ({
    ...child,
    raw: {},
  });

  test('is read whole before it counts', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    await fixture.context.provider.refundPayment(conomyId, { amount: '29900.00' });
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { listRefundsOf } = fixture.context.provider;
    const context = capturer({
      listRefundsOf: async (...call) => {
        const listed = await listRefundsOf(...call);
        if (!listed.ok) return listed;
        return { ok: true, value: { ...listed.value, refunds: listed.value.refunds.map(withoutAmount) } };
      },
    });
    expect(await execute(context, id, 1)).toEqual(['rejected']);
    expect(await problemOf(id)).toBe('refund_exceeds_refundable');
  });
});

describe('a payment that was read as settled', () => {
  test('and is read as not settled rejects a refund only when that lasts', async () => {
    const { paymentKey } = await settledPayment();
    const first = await insertRefund(fixture.pool, paymentKey, '1.00');
    expect(await execute(fixture.context, first, 1)).toEqual(['succeeded']);
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { readPayment } = fixture.context.provider;
    const stale = capturer({
      readPayment: async (...call) => {
        const read = await readPayment(...call);
        return read.ok ? { ok: true, value: { ...read.value, status: 'CAPTURED' } } : read;
      },
    });
    const alarms = async () =>
      (await fixture.pool.query('select kind from discrepancies where payment_key = $1', [paymentKey])).rows;
    expect(await execute(stale, id, READS_MAX - 1)).toEqual(['executing', 'executing', 'executing']);
    expect(await alarms()).toEqual([]);
    expect(await execute(stale, id, 1)).toEqual(['rejected']);
    expect(await problemOf(id)).toBe('payment_not_settled');
    expect(await alarms()).toEqual([]);
  });

  test('is refunded when only some reads are stale', async () => {
    const { paymentKey } = await settledPayment();
    const first = await insertRefund(fixture.pool, paymentKey, '1.00');
    await execute(fixture.context, first, 1);
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { readPayment } = fixture.context.provider;
    let reads = 0;
    const lagging = capturer({
      readPayment: async (...call) => {
        const read = await readPayment(...call);
        reads += 1;
        return read.ok && reads < READS_MAX
          ? { ok: true, value: { ...read.value, status: 'CAPTURED' } }
          : read;
      },
    });
    expect(await execute(lagging, id, READS_MAX)).toEqual([
      'executing',
      'executing',
      'executing',
      'succeeded',
    ]);
  });
});

describe('a read about another payment than was asked for', () => {
  const refundsSent = () => {
    const sent: string[] = [];
    const { refundPayment } = fixture.context.provider;
    const counted: typeof refundPayment = (id, ...rest) => {
      sent.push(id);
      return refundPayment(id, ...rest);
    };
    return { sent, counted };
  };

  test('is no read of the payment: nothing of it is mirrored and nothing is sent', async () => {
    const { paymentKey } = await adoptedPayment();
    const other = await settledPayment();
    const before = await findPayment(fixture.pool, paymentKey);
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { readPayment } = fixture.context.provider;
    const { sent, counted } = refundsSent();
    const context = capturer({
      readPayment: (_id, options) => readPayment(other.conomyId, options),
      refundPayment: counted,
    });
    expect(await execute(context, id, READS_MAX)).toEqual(['executing', 'executing', 'executing', 'parked']);
    expect(await problemOf(id)).toBe('refunds_unreadable');
    expect(sent).toEqual([]);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({
      conomyId: before?.conomyId,
      status: before?.status,
      version: before?.version,
    });
  });

  test('is no read of a refund that the list leaves open: the other one is not linked', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    await fixture.context.provider.refundPayment(conomyId, { amount: '29900.00' });
    const { readPayment, listRefundsOf } = fixture.context.provider;
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { sent, counted } = refundsSent();
    const context = capturer({
      listRefundsOf: async (...call) => {
        const listed = await listRefundsOf(...call);
        if (!listed.ok) return listed;
        const refunds = listed.value.refunds.map((row) => ({
          id: row.id,
          status: row.status,
          parentPaymentId: conomyId,
          raw: {},
        }));
        return { ok: true, value: { ...listed.value, refunds } };
      },
      readPayment: async (asked, options) => {
        const read = await readPayment(asked, options);
        if (asked === conomyId || !read.ok) return read;
        return { ok: true, value: { ...read.value, id: 'another', totalAmount: '1.00' } };
      },
      refundPayment: counted,
    });
    await execute(context, id, 1);
    expect(sent).toEqual([]);
    const { rows } = await fixture.pool.query('select conomy_id from payments where parent_key = $1', [
      paymentKey,
    ]);
    expect(rows).toEqual([]);
  });

  test('is no read of the refund that an answer named', async () => {
    const { paymentKey, conomyId } = await settledPayment();
    const { readPayment, refundPayment } = fixture.context.provider;
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    let asked = 0;
    const context = capturer({
      refundPayment: async (...call) => {
        const made = await refundPayment(...call);
        if (!made.ok) return made;
        const { totalAmount: _t, purchaseAmount: _p, ...child } = made.value;
        return { ok: true, value: { ...child, raw: {} } };
      },
      readPayment: async (readId, options) => {
        const read = await readPayment(readId, options);
        if (readId === conomyId || !read.ok) return read;
        asked += 1;
        return { ok: true, value: { ...read.value, id: 'another' } };
      },
    });
    await execute(context, id, 1);
    expect(asked).toBe(1);
    expect((await findCommand(fixture.pool, id))?.status).toBe('unresolved');
    const { rows } = await fixture.pool.query(`select from payments where conomy_id = 'another'`);
    expect(rows).toEqual([]);
  });
});

describe('a refund that is parked before anything of it left', () => {
  test('reserves nothing', async () => {
    const { paymentKey } = await settledPayment();
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { readPayment } = fixture.context.provider;
    const context = capturer({
      readPayment: async (...call) => {
        const read = await readPayment(...call);
        return read.ok ? { ok: true, value: { ...read.value, externalId: 'another' } } : read;
      },
    });
    expect(await execute(context, id, 1)).toEqual(['parked']);
    expect(await problemOf(id)).toBe('payment_unclear');
    const { rows } = await fixture.pool.query(
      'select refund_reserved_minor::int as reserved from payments where key = $1',
      [paymentKey],
    );
    expect(rows).toEqual([{ reserved: 0 }]);
  });
});
