/** Conomy, or a row of an earlier release, names a payment by an id that could lead a URL elsewhere: a person decides. */
import { randomUUID } from 'node:crypto';
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findPayment } from '@capstan/shared/db/payments';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import {
  type CapturerFixture,
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

const unusable = {
  ok: false,
  failure: { stage: 'no_clear_answer', reason: 'id_unusable', httpStatus: 200 },
} as const;

/** As the client tells it of an answer with such an id: what was asked for is done. */
function namingUnusably({ pool, context }: CapturerFixture) {
  const { provider } = context;
  const changed: CapturerContext['provider'] = {
    ...provider,
    createPayment: async (body) => provider.createPayment(body).then(() => unusable),
    refundPayment: async (id, refund) => provider.refundPayment(id, refund).then(() => unusable),
  };
  return { pool, context: { ...context, provider: changed } };
}

async function effectsOf(externalId: string): Promise<Record<string, number>[]> {
  const { payments } = await fixture.control('ledger');
  const all = payments as { externalId: string; effects: Record<string, number> }[];
  return all.filter((payment) => payment.externalId === externalId).map(({ effects }) => effects);
}

test('a create that is answered with an unusable id is parked and bound to nothing, and no later step leaves', async () => {
  const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
  expect(await runToItsEnd(namingUnusably(fixture), id)).toMatchObject({
    status: 'parked',
    stepsDone: 0,
    problem: { code: 'id_unusable' },
  });
  expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: null });
  expect(await effectsOf(externalId)).toMatchObject([{ create: 1, capture: 0 }]);
  expect(await findAttemptsOfCommand(fixture.pool, id)).toMatchObject([{ outcome: 'unknown' }]);
});

test('redriven it is looked for in the lists, which tell a usable one, and never created again', async () => {
  const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
  await runToItsEnd(namingUnusably(fixture), id);
  await redrive(fixture, id);
  expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
  expect((await findPayment(fixture.pool, paymentKey))?.conomyId).toMatch(/^[0-9a-f]{24}$/);
  expect(await effectsOf(externalId)).toMatchObject([{ create: 1, capture: 1 }]);
});

test('a refund that is answered with an unusable id is parked, and its amount stays reserved', async () => {
  const { id: create, paymentKey } = await insertCreate(fixture.pool);
  await runToItsEnd(fixture, create);
  const { conomyId } = (await findPayment(fixture.pool, paymentKey)) ?? {};
  for (const status of ['RECEIVED', 'SETTLED'])
    await fixture.control(`payments/${conomyId}/transition`, { status });
  const id = await insertRefund(fixture.pool, paymentKey, '150.00');
  expect(await runToItsEnd(namingUnusably(fixture), id)).toMatchObject({
    status: 'parked',
    problem: { code: 'id_unusable' },
  });
  const { rows } = await fixture.pool.query(
    'select refund_reserved_minor as reserved from payments where key = $1',
    [paymentKey],
  );
  expect(rows).toEqual([{ reserved: 15_000 }]);
});

test.each(['../auth', 'x?y=z', '..', '%2e'])(
  'a command of an earlier release about the payment %j is parked before anything is asked of Conomy',
  async (conomyId) => {
    const paymentKey = randomUUID();
    await fixture.pool.query('insert into payments (key, conomy_id) values ($1, $2)', [paymentKey, conomyId]);
    const id = await insertLater(fixture.pool, paymentKey, 'capture');
    const asked: string[] = [];
    const provider = new Proxy(fixture.context.provider, {
      get: (target, name) => {
        asked.push(String(name));
        return Reflect.get(target, name);
      },
    });
    const context = { ...fixture.context, provider };
    expect(await runToItsEnd({ pool: fixture.pool, context }, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'id_unusable' },
    });
    expect(asked).toEqual([]);
  },
);
