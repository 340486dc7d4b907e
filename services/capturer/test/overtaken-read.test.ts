/** What a command reads or is answered while the mirror moves on by another's word never takes the mirror back. */
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
