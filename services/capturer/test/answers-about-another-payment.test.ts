/**
 * Conomy answers, lists or reads another payment, or another amount, than was asked for (issue 15, H1 and H2). Nothing that
 * contradicts is bound, mirrored or captured; what is only missing is read whole before a later step leaves.
 */
import { randomUUID } from 'node:crypto';
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { findDiscrepanciesOfPayment } from '@capstan/shared/db/discrepancies';
import { releaseHeldByAmount } from '@capstan/shared/db/interventions';
import { findPayment } from '@capstan/shared/db/payments';
import { inTransaction } from '@capstan/shared/db/transaction';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { collectBody } from '@capstan/testing/create-bodies';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertCreate,
  insertLater,
  openCapturerFixture,
  redrive,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());
afterEach(() => fixture.control('config', { fees: [], shapes: { writes: 'full' } }));

type Provider = CapturerContext['provider'];
type Answer = ProviderResult<ObservedPayment>;

const lost = { ok: false, failure: { stage: 'no_clear_answer', reason: 'reset' } } as const;

/** A capturer whose provider does some things otherwise, and how often it reads a payment by id. */
function capturerWith(change: (provider: Provider) => Partial<Provider>) {
  const { provider } = fixture.context;
  const counted = { reads: 0 };
  const changed = { ...provider, ...change(provider) };
  const readPayment: Provider['readPayment'] = async (...call) => {
    counted.reads += 1;
    return changed.readPayment(...call);
  };
  return {
    pool: fixture.pool,
    context: { ...fixture.context, provider: { ...changed, readPayment } },
    counted,
  };
}

/** The answer with other fields, in the whole of it too. */
async function answering(call: Promise<Answer>, over: Record<string, string | undefined>): Promise<Answer> {
  const answer = await call;
  if (!answer.ok) return answer;
  return { ok: true, value: { ...answer.value, ...over, raw: { ...answer.value.raw, ...over } } };
}

/** The body of the create with another amount in all its places. */
function withAmount(externalId: string, amount: string, half: string): string {
  return JSON.stringify(collectBody(externalId)).replaceAll('30000.00', amount).replaceAll('15000.00', half);
}

async function inLedger(externalId: string) {
  const { payments } = await fixture.control('ledger');
  const all = payments as { id: string; externalId: string; effects: Record<string, number> }[];
  return all.filter((payment) => payment.externalId === externalId);
}

async function foreignPayment(): Promise<ObservedPayment> {
  const made = await fixture.context.provider.createPayment(
    JSON.stringify(collectBody(`foreign-${randomUUID()}`)),
  );
  if (!made.ok) throw new Error(made.failure.reason);
  return made.value;
}

const attemptsOf = async (id: string) =>
  (await findAttemptsOfCommand(fixture.pool, id)).map(({ operation, outcome, resolution, failure }) => [
    operation,
    outcome,
    resolution,
    failure?.reason,
  ]);

const isParked = (code: string) => ({ status: 'parked', problem: { code } });

describe('a create answered with another payment', () => {
  test('is looked for, and its own payment bound and captured, the other one never', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const other = await foreignPayment();
    const capturer = capturerWith((provider) => ({
      createPayment: async (body) => {
        await provider.createPayment(body);
        return { ok: true, value: other };
      },
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect(await attemptsOf(id)).toEqual([
      ['create', 'unknown', 'succeeded', 'answer_differs'],
      ['capture', 'succeeded', null, undefined],
    ]);
    const [own] = await inLedger(externalId);
    expect(own).toMatchObject({ effects: { create: 1, capture: 1 } });
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: own?.id });
    expect(await inLedger(other.externalId ?? '')).toMatchObject([{ effects: { capture: 0 } }]);
  });

  test('is parked and never sent again when no list shows its own', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const other = await foreignPayment();
    const capturer = capturerWith(() => ({ createPayment: async () => ({ ok: true, value: other }) }));
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked('payment_unclear'));
    expect(await attemptsOf(id)).toEqual([['create', 'unknown', 'parked', 'answer_differs']]);
    expect(await inLedger(externalId)).toEqual([]);
  });

  test.each([
    ['another account', { accountNumber: '1002' }],
    ['another type', { type: 'P2P' }],
    ['a trimmed externalId', { externalId: 'cut' }],
    ['another currency', { purchaseCurrency: 'USD' }],
  ])('of %s binds nothing of the answer', async (_what, over) => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith((provider) => ({
      createPayment: (body) => answering(provider.createPayment(body), over),
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect((await attemptsOf(id))[0]).toEqual(['create', 'unknown', 'succeeded', 'answer_differs']);
    expect(await inLedger(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });
});

describe('a create of another amount than was asked for', () => {
  test('is not bound by its answer and not captured', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith((provider) => ({
      createPayment: () => provider.createPayment(withAmount(externalId, '99000.00', '49500.00')),
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked('payment_unclear'));
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: null, status: null });
    expect(await inLedger(externalId)).toMatchObject([{ effects: { create: 1, capture: 0 } }]);
  });

  test('is not bound when it is found by its externalId, nor after a person had it looked for again', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith((provider) => ({
      createPayment: async () => {
        await provider.createPayment(withAmount(externalId, '99000.00', '49500.00'));
        return lost;
      },
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked('payment_unclear'));
    await redrive(fixture, id);
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked('payment_unclear'));
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: null });
    expect(await inLedger(externalId)).toMatchObject([{ effects: { create: 1, capture: 0 } }]);
  });

  test('is bound by an answer that does not name it, and parked by the whole read before the capture leaves', async () => {
    await fixture.control('config', { shapes: { writes: 'partial' } });
    const { id, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith((provider) => ({
      createPayment: () => provider.createPayment(withAmount(externalId, '99000.00', '49500.00')),
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ ...isParked('payment_unclear'), stepsDone: 1 });
    expect(capturer.counted.reads).toBe(1);
    expect(await attemptsOf(id)).toEqual([['create', 'succeeded', null, undefined]]);
    expect(await inLedger(externalId)).toMatchObject([{ effects: { create: 1, capture: 0 } }]);
  });
});

describe('the answer to a create', () => {
  test('that names all is not read again before the capture', async () => {
    const { id } = await insertCreate(fixture.pool);
    const capturer = capturerWith(() => ({}));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect(capturer.counted.reads).toBe(0);
  });

  test.each([
    ['amount', { purchaseAmount: undefined }],
    ['currency', { purchaseCurrency: undefined }],
    ['account', { accountNumber: undefined }],
    ['externalId', { externalId: undefined }],
  ])('that does not name its %s is read whole once, whatever steps follow', async (_what, over) => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool, {
      then: ['authorize', 'capture'],
    });
    const capturer = capturerWith((provider) => ({
      createPayment: (body) => answering(provider.createPayment(body), over),
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect(capturer.counted.reads).toBe(1);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ status: 'CAPTURED' });
    expect(await inLedger(externalId)).toMatchObject([{ effects: { create: 1, authorize: 1, capture: 1 } }]);
  });

  test('that names nothing but id and status is compared by the next capturer when the first one dies', async () => {
    await fixture.control('config', { shapes: { writes: 'partial' } });
    const { id, paymentKey } = await insertCreate(fixture.pool, { then: [] });
    await executeCommand(fixture.context, id);
    const capture = await insertLater(fixture.pool, paymentKey, 'capture');
    const capturer = capturerWith((provider) => ({
      readPayment: (...call) => answering(provider.readPayment(...call), { externalId: 'another' }),
    }));
    expect(await runToItsEnd(capturer, capture)).toMatchObject(isParked('payment_unclear'));
    const [found] = await findDiscrepanciesOfPayment(fixture.pool, paymentKey);
    expect(found).toMatchObject({ kind: 'field_differs', field: 'externalId', status: 'open' });
    expect(await attemptsOf(capture)).toEqual([]);
  });
});

describe('a capture answered about another payment', () => {
  test.each([
    ['id', { id: 'another' }],
    ['externalId', { externalId: 'another' }],
    ['account', { accountNumber: '1002' }],
    ['type', { type: 'P2P' }],
    ['amount', { purchaseAmount: '99000.00' }],
    ['currency', { purchaseCurrency: 'USD' }],
  ])('by its %s is of unknown outcome until a read tells', async (_what, over) => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const capturer = capturerWith((provider) => ({
      capturePayment: (...call) =>
        answering(provider.capturePayment(...call), { ...over, status: 'SETTLED' }),
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect(await attemptsOf(id)).toContainEqual(['capture', 'unknown', 'succeeded', 'answer_differs']);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({
      status: 'CAPTURED',
      version: 2,
      cause: 'read',
    });
    expect(await inLedger(externalId)).toMatchObject([{ effects: { capture: 1 } }]);
  });

  test('and read as another one too is parked, and the mirror keeps what it held', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool);
    const capturer = capturerWith((provider) => ({
      capturePayment: async (...call) => {
        await provider.capturePayment(...call);
        return lost;
      },
      readPayment: (...call) => answering(provider.readPayment(...call), { accountNumber: '1002' }),
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked('payment_unclear'));
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ status: 'CREATED', version: 1 });
  });
});

test('a read of another id is no read: the payment is read again', async () => {
  const { id, externalId } = await insertCreate(fixture.pool);
  const other = await foreignPayment();
  let asked = 0;
  const capturer = capturerWith((provider) => ({
    capturePayment: async (...call) => {
      await provider.capturePayment(...call);
      return lost;
    },
    readPayment: async (...call) => {
      asked += 1;
      return asked === 1
        ? { ok: true, value: { ...other, status: 'SETTLED' } }
        : provider.readPayment(...call);
    },
  }));
  expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
  expect(asked).toBe(2);
  expect(await inLedger(externalId)).toMatchObject([{ effects: { capture: 1 } }]);
});

describe('a total that is another than what is paid', () => {
  const paidOnly = { totalAmount: undefined };
  /** Every answer and read tells this total, and names no fee. */
  const toldTotal = (totalAmount: string) =>
    capturerWith((provider) => ({
      createPayment: (body) => answering(provider.createPayment(body), { totalAmount }),
      readPayment: (...call) => answering(provider.readPayment(...call), { totalAmount }),
    }));

  test.each([[{}], [paidOnly]])('because of the fees it lists is captured without a read', async (body) => {
    await fixture.control('config', { fees: [{ name: 'rule', type: 'PERCENTAGE', value: '0.5' }] });
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool, { body });
    const capturer = capturerWith(() => ({}));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect(capturer.counted.reads).toBe(0);
    expect(await findDiscrepanciesOfPayment(fixture.pool, paymentKey)).toEqual([]);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({
      snapshot: { totalAmount: '29850.00' },
    });
    expect(await inLedger(externalId)).toMatchObject([{ effects: { capture: 1 } }]);
  });

  test('because of fees that only the whole read lists is captured after it', async () => {
    await fixture.control('config', { fees: [{ name: 'rule', type: 'FIXED', value: '150' }] });
    const { id, paymentKey } = await insertCreate(fixture.pool, { body: paidOnly });
    const capturer = capturerWith((provider) => ({
      createPayment: (body) => answering(provider.createPayment(body), { fees: undefined }),
    }));
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded' });
    expect(capturer.counted.reads).toBe(1);
    expect(await findDiscrepanciesOfPayment(fixture.pool, paymentKey)).toEqual([]);
  });

  test.each([[{}], [paidOnly]])('and unexplained is held before the capture leaves', async (body) => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool, { body });
    expect(await runToItsEnd(toldTotal('29000.00'), id)).toMatchObject({
      ...isParked('amount_differs'),
      stepsDone: 1,
    });
    expect(await findDiscrepanciesOfPayment(fixture.pool, paymentKey)).toMatchObject([
      {
        kind: 'amount_differs',
        status: 'open',
        provider: { value: { totalAmount: '29000.00', currency: 'COP' } },
      },
    ]);
    expect(await inLedger(externalId)).toMatchObject([{ effects: { create: 1, capture: 0 } }]);
  });

  test('stays held when a person redrives the command and not the discrepancy', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const capturer = toldTotal('29000.00');
    await runToItsEnd(capturer, id);
    await redrive(fixture, id);
    expect(await runToItsEnd(capturer, id)).toMatchObject(isParked('amount_differs'));
    expect(await inLedger(externalId)).toMatchObject([{ effects: { capture: 0 } }]);
  });

  test('goes on by itself once a person has accepted it, and is not told again', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const capturer = toldTotal('29000.00');
    await runToItsEnd(capturer, id);
    await accept(paymentKey);
    expect(await runToItsEnd(capturer, id)).toMatchObject({ status: 'succeeded', problem: null });
    expect(await findDiscrepanciesOfPayment(fixture.pool, paymentKey)).toMatchObject([
      { status: 'accepted' },
    ]);
    expect(await inLedger(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });

  test('is found anew when it changes after it was accepted', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool);
    await runToItsEnd(toldTotal('29000.00'), id);
    await accept(paymentKey);
    expect(await runToItsEnd(toldTotal('28000.00'), id)).toMatchObject(isParked('amount_differs'));
  });

  test('that is accepted while its command is read and about to be parked parks nothing', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const held = toldTotal('29000.00');
    await runToItsEnd(held, id);
    await redrive(fixture, id);
    const { context } = held;
    const readPayment: Provider['readPayment'] = async (...call) => {
      const read = await context.provider.readPayment(...call);
      await accept(paymentKey);
      return read;
    };
    await executeCommand({ ...context, provider: { ...context.provider, readPayment } }, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'succeeded', problem: null });
    expect(await inLedger(externalId)).toMatchObject([{ effects: { capture: 1 } }]);
  });

  async function accept(paymentKey: string): Promise<void> {
    await inTransaction(fixture.pool, async (tx) => {
      await tx.query(
        `update discrepancies set status = 'accepted', ended_at = capstan_now(), ended_by = 'operator', reason = 'asked Conomy'
         where payment_key = $1 and status = 'open'`,
        [paymentKey],
      );
      await releaseHeldByAmount(tx, paymentKey, { by: 'operator', reason: 'asked Conomy' });
    });
  }
});
