/** What a command reads or is answered while the mirror moves on by another's word never takes the mirror back. */
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import { type CapturerFixture, insertCreate, insertLater, openCapturerFixture } from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

const moveTo = (paymentKey: string, status: string) =>
  fixture.pool.query(
    `update payments set status = $2, version = version + 1, cause = 'read' where key = $1`,
    [paymentKey, status],
  );

/** Conomy says REQUIRES_REVIEW; before that is recorded the mirror hears that the review is over. */
function overtaken(paymentKey: string) {
  return async (id: string): Promise<ProviderResult<ObservedPayment>> => {
    await moveTo(paymentKey, 'CREATED');
    const raw = { id, status: 'REQUIRES_REVIEW' };
    return { ok: true, value: { id, status: 'REQUIRES_REVIEW', raw } };
  };
}

test.each(['readPayment', 'capturePayment'] as const)(
  '%s that was overtaken leaves the mirror where it is and has it read again',
  async (call) => {
    const { id, paymentKey } = await insertCreate(fixture.pool, { then: [] });
    await executeCommand(fixture.context, id);
    await moveTo(paymentKey, call === 'readPayment' ? 'DISPUTED' : 'AUTHORIZED');
    const before = await findPayment(fixture.pool, paymentKey);
    const capture = await insertLater(fixture.pool, paymentKey, 'capture');
    const provider = { ...fixture.context.provider, [call]: overtaken(paymentKey) };
    await executeCommand({ ...fixture.context, provider }, capture);
    const after = await findPayment(fixture.pool, paymentKey);
    expect(after).toMatchObject({ status: 'CREATED', version: (before?.version ?? 0) + 1 });
    const { rows } = await fixture.pool.query(
      `select offer_at < capstan_now() + interval '6 seconds' as "isReadSoon" from payments where key = $1`,
      [paymentKey],
    );
    expect(rows).toEqual([{ isReadSoon: true }]);
  },
);

/** With this total in the whole of it, for which no fee is named. */
async function withTotal(call: Promise<ProviderResult<ObservedPayment>>, totalAmount: string) {
  const told = await call;
  if (!told.ok) return told;
  return {
    ok: true as const,
    value: { ...told.value, totalAmount, raw: { ...told.value.raw, totalAmount } },
  };
}

test.each(['CREATED', 'AUTHORIZED'])(
  'a total that only a read told which was overtaken by %s is read again before the capture leaves',
  async (status) => {
    const { provider } = fixture.context;
    const { id, paymentKey } = await insertCreate(fixture.pool, { then: [] });
    const createPayment: typeof provider.createPayment = async (...call) => {
      const made = await provider.createPayment(...call);
      if (!made.ok) return made;
      const { id: conomyId, status: told } = made.value;
      return { ok: true, value: { id: conomyId, status: told, raw: { id: conomyId, status: told } } };
    };
    await executeCommand({ ...fixture.context, provider: { ...provider, createPayment } }, id);
    const capture = await insertLater(fixture.pool, paymentKey, 'capture');
    let reads = 0;
    const readPayment: typeof provider.readPayment = async (...call) => {
      reads += 1;
      if (reads === 1) await moveTo(paymentKey, status);
      return withTotal(provider.readPayment(...call), '29000.00');
    };
    await executeCommand({ ...fixture.context, provider: { ...provider, readPayment } }, capture);
    expect(await findCommand(fixture.pool, capture)).toMatchObject({
      status: 'parked',
      problem: { code: 'amount_differs' },
    });
    expect(reads).toBe(2);
    expect(await findAttemptsOfCommand(fixture.pool, capture)).toEqual([]);
  },
);

test('a total that only the answer to the step before told is read before the capture leaves', async () => {
  const { provider } = fixture.context;
  const { id } = await insertCreate(fixture.pool, { then: ['authorize', 'capture'] });
  const other: typeof provider = {
    ...provider,
    authorizePayment: (...call) => withTotal(provider.authorizePayment(...call), '29000.00'),
    readPayment: (...call) => withTotal(provider.readPayment(...call), '29000.00'),
  };
  await executeCommand({ ...fixture.context, provider: other }, id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({
    status: 'parked',
    stepsDone: 2,
    problem: { code: 'amount_differs' },
  });
});
