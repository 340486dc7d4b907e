// A 404 to a read of an id we hold proves neither effect nor absence (design §3): Conomy lags behind its own create.
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import { type CapturerFixture, insertCreate, openCapturerFixture, runToItsEnd } from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

test.each([
  ['whose amount Conomy has yet to explain', { totalAmount: '29000.00' }],
  ['that answered with a status nobody knows', { status: 'NEWLY_INVENTED' }],
])('a capture right after a create %s waits while the payment is not found', async (_what, over) => {
  const { provider } = fixture.context;
  const { id, paymentKey } = await insertCreate(fixture.pool);
  let lags = true;
  const lagging: typeof provider = {
    ...provider,
    createPayment: async (...call) => {
      const made = await provider.createPayment(...call);
      if (!made.ok) return made;
      return { ok: true, value: { ...made.value, ...over, raw: { ...made.value.raw, ...over } } };
    },
    readPayment: (...call) => {
      if (!lags) return provider.readPayment(...call);
      const failure = { stage: 'answered', reason: 'http_404', httpStatus: 404, code: '31' } as const;
      return Promise.resolve({ ok: false, failure });
    },
  };
  const context = { ...fixture.context, provider: lagging };
  await executeCommand(context, id);
  expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: expect.any(String) });
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing', stepsDone: 1 });
  lags = false;
  await fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);
  expect(await runToItsEnd({ pool: fixture.pool, context }, id)).toMatchObject({ status: 'succeeded' });
});
