/** What the lists of Conomy show of a create whose answer was lost (issue 15, H1 and H2): bound, parked, or sent again. */
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findPayment } from '@capstan/shared/db/payments';
import type { ObservedPayment, PaymentPage } from '@capstan/shared/provider/payment-provider';
import { collectBody } from '@capstan/testing/create-bodies';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { LOOK_ALIKES_MAX } from '../src/wanted-rows.ts';
import { type CapturerFixture, insertCreate, openCapturerFixture, runToItsEnd } from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

type Provider = CapturerContext['provider'];
type Failure = { stage: 'no_clear_answer' | 'answered'; reason: string; httpStatus?: number; code?: string };

const LOST: Failure = { stage: 'no_clear_answer', reason: 'reset' };
const DUPLICATE: Failure = { stage: 'answered', reason: 'http_409', httpStatus: 409, code: '13' };
const MINUTE_MS = 60_000;

/** A capturer whose first create takes effect and ends with `failure`, and whose lists and reads tell of each payment what `tell` makes of it. */
function capturerWith(
  tell: (payment: ObservedPayment) => ObservedPayment,
  { failure = LOST, page = {} }: { failure?: Failure; page?: Partial<PaymentPage> } = {},
) {
  const { provider } = fixture.context;
  const counted = { creates: 0 };
  const changed: Provider = {
    ...provider,
    createPayment: async (...call) => {
      counted.creates += 1;
      const made = await provider.createPayment(...call);
      return counted.creates === 1 ? { ok: false, failure } : made;
    },
    listPayments: async (...call) => {
      const listed = await provider.listPayments(...call);
      if (!listed.ok) return listed;
      return { ok: true, value: { ...listed.value, ...page, payments: listed.value.payments.map(tell) } };
    },
    readPayment: async (...call) => {
      const read = await provider.readPayment(...call);
      return read.ok ? { ok: true, value: tell(read.value) } : read;
    },
  };
  return { pool: fixture.pool, context: { ...fixture.context, provider: changed }, counted };
}

/** As it is told of a payment that was created so much earlier. */
const earlier = (ms: number) => (payment: ObservedPayment) => {
  const createdAt = new Date(Date.parse(payment.createdAt ?? '') - ms).toISOString();
  return { ...payment, createdAt, raw: { ...payment.raw, createdAt } };
};

const attemptsOf = async (id: string) =>
  (await findAttemptsOfCommand(fixture.pool, id)).map(({ operation, outcome, resolution }) => [
    operation,
    outcome,
    resolution,
  ]);
const captures = async (externalId: string) => {
  const { payments } = await fixture.control('ledger');
  const all = payments as { externalId: string; effects: { capture: number } }[];
  return all.filter((payment) => payment.externalId === externalId).map(({ effects }) => effects.capture);
};
const isParked = { status: 'parked', problem: { code: 'payment_unclear' } };

describe('a lost create whose externalId Conomy tells otherwise', () => {
  test.each<[string, (externalId: string) => string]>([
    ['with a space', (externalId) => ` ${externalId}`],
    ['cut', (externalId) => externalId.slice(0, 20)],
  ])('%s is parked and neither bound nor sent again', async (_what, change) => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith((payment) =>
      payment.externalId === externalId ? { ...payment, externalId: change(externalId) } : payment,
    );
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked);
    expect(capturer.counted.creates).toBe(1);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: null });
    expect(await captures(externalId)).toEqual([0]);
  });
});

describe('a lost create while the account holds a payment whose externalId not even a whole read tells', () => {
  test('is parked where that may be the payment, and neither bound nor sent again', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith((payment) => {
      const { externalId: told, ...nameless } = payment;
      return told === externalId ? nameless : payment;
    });
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked);
    expect(capturer.counted.creates).toBe(1);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: null });
    expect(await captures(externalId)).toEqual([0]);
  });

  test('is sent again where that is another payment, however many there are', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
    const capturer = capturerWith((payment) => payment);
    const others = Array.from({ length: LOOK_ALIKES_MAX + 1 }, (_, nth) => ({
      id: `nameless-${nth}`,
      status: 'CREATED',
      accountNumber: collectBody(externalId).accountNumber as string,
      type: 'COLLECT',
      purchaseAmount: '1.00',
      createdAt: new Date().toISOString(),
      raw: {},
    }));
    const { provider } = capturer.context;
    let sent = 0;
    capturer.context.provider = {
      ...provider,
      createPayment: async (...call) => {
        sent += 1;
        return sent === 1 ? { ok: false, failure: LOST } : fixture.context.provider.createPayment(...call);
      },
      listPayments: async (_filter, { offset }) => ({
        ok: true,
        value: { payments: others.slice(offset), unreadableRows: 0, nextOffset: null, isPaginated: true },
      }),
      readPayment: async (at, ...call) => {
        const other = others.find((row) => row.id === at);
        return other ? { ok: true, value: other } : provider.readPayment(at, ...call);
      },
    };
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect(sent).toBe(2);
  });
});

test('a lost create that a delivery named and no read names is parked', async () => {
  const { id, externalId } = await insertCreate(fixture.pool);
  const unnamed = capturerWith(({ externalId: _, ...payment }) => payment, { page: { total: undefined } });
  const { provider } = unnamed.context;
  const capturer = {
    ...unnamed,
    context: {
      ...unnamed.context,
      provider: {
        ...provider,
        createPayment: async (...call: Parameters<Provider['createPayment']>) => {
          const made = await fixture.context.provider.createPayment(...call);
          if (!made.ok) throw new Error(made.failure.reason);
          await tellUnmatched(made.value.id, externalId);
          return { ok: false as const, failure: LOST };
        },
        listPayments: async (...call: Parameters<Provider['listPayments']>) => {
          const listed = await provider.listPayments(...call);
          return listed.ok ? { ok: true as const, value: { ...listed.value, payments: [] } } : listed;
        },
      },
    },
  };
  expect(await runToItsEnd(capturer, id)).toMatchObject(isParked);
  expect(await captures(externalId)).toEqual([0]);
});

/** A delivery about a payment of this externalId that no payment of ours is. */
async function tellUnmatched(conomyId: string, externalId: string): Promise<void> {
  await fixture.pool.query(
    `insert into webhook_deliveries (id, body_sha256, body, form, event, conomy_id, external_id, status, applied_at, result)
     values (gen_random_uuid(), sha256(convert_to($1::text, 'UTF8')), '{}', 'body', 'transaction.status_changed', $1, $2, 'CREATED', capstan_now(), 'unmatched')`,
    [conomyId, externalId],
  );
}

describe('a lost create that seems older than its first attempt', () => {
  test.each([
    ['eleven minutes', 11 * MINUTE_MS],
    ['a day', 24 * 60 * MINUTE_MS],
  ])('by %s is parked', async (_what, ms) => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith(earlier(ms));
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked);
    expect(capturer.counted.creates).toBe(1);
    expect(await captures(externalId)).toEqual([0]);
  });

  test("by as much as Conomy's clock is behind is ours", async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const behindMs = 30 * MINUTE_MS;
    const page = { answeredAt: new Date(Date.now() - behindMs) };
    expect(await runToItsEnd(capturerWith(earlier(behindMs), { page }), id)).toMatchObject({
      status: 'succeeded',
    });
    expect(await captures(externalId)).toEqual([1]);
  });

  test('is parked when a cache may have kept the answer: its Date tells nothing', async () => {
    const { id } = await insertCreate(fixture.pool);
    const behindMs = 30 * MINUTE_MS;
    const page = { answeredAt: new Date(Date.now() - behindMs), isAged: true };
    expect(await runToItsEnd(capturerWith(earlier(behindMs), { page }), id)).toMatchObject(isParked);
  });

  test('without an instant of its creation is parked', async () => {
    const { id } = await insertCreate(fixture.pool);
    const capturer = capturerWith((payment) => ({ ...payment, createdAt: undefined }));
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked);
  });
});

describe('an externalId that a payment of 27 hours ago has', () => {
  const old = earlier(27 * 60 * MINUTE_MS);
  const inUse = { status: 'rejected', problem: { code: 'external_id_in_use' } };

  test('ends the create that Conomy refused as a duplicate after the first look', async () => {
    const { id } = await insertCreate(fixture.pool);
    const capturer = capturerWith(old, { failure: DUPLICATE });
    expect(await runToItsEnd(capturer, id)).toMatchObject(inUse);
    expect(await attemptsOf(id)).toEqual([['create', 'unknown', 'rejected']]);
    const { rows } = await fixture.pool.query(
      'select r.finding from attempt_reads r join attempts a on a.id = r.attempt_id where a.command_id = $1',
      [id],
    );
    expect(rows).toEqual([{ finding: 'in_use' }]);
  });

  test('ends the create whose answer was lost only when its own is absent over time', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith(old);
    expect(await runToItsEnd(capturer, id)).toMatchObject(inUse);
    expect(capturer.counted.creates).toBe(1);
    const { rows } = await fixture.pool.query(
      `select count(*)::int as absent from attempt_reads r join attempts a on a.id = r.attempt_id
       where a.command_id = $1 and r.finding = 'absent'`,
      [id],
    );
    expect(rows[0].absent).toBeGreaterThanOrEqual(3);
    expect(await captures(externalId)).toEqual([0]);
  });
});
