/** Scenario: what a delivery or a read holds makes applying it fail, at every try. Goal: it ends, is kept and is told of. */
import { countDeliveryTry, findDelivery, takeDueDeliveries } from '@capstan/shared/db/deliveries';
import { TRIES_MAX } from '@capstan/shared/db/item-faults';
import { countReadFault, findPayment, takeDueReads } from '@capstan/shared/db/payments';
import { countTries, type TriedItem } from '@capstan/shared/queue/count-tries';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measureSetAside } from '@capstan/shared/telemetry/unfinished-work';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { applyDelivery } from '../src/apply-delivery.ts';
import { readPayment } from '../src/read-payment.ts';
import { openReconcilerFixture, type ReconcilerFixture } from './reconciler-fixture.ts';

let fixture: ReconcilerFixture;
beforeAll(async () => {
  fixture = await openReconcilerFixture();
  await fixture.pool.query(`
    create function refuse() returns trigger language plpgsql as $$
    begin
      raise exception using errcode = tg_argv[0];
    end $$;
  `);
});
afterAll(() => fixture.close());
afterEach(() => fixture.pool.query('drop trigger if exists refuse on payments'));

/** From now on PostgreSQL refuses to move the payment. */
const refuseMoves = (key: string, sqlState: string) =>
  fixture.pool.query(
    `create trigger refuse before update of status on payments for each row
     when (new.key = '${key}' and new.status is distinct from old.status) execute function refuse('${sqlState}')`,
  );

const tryDelivery = (id: string, timesReceived = 1) =>
  countTries(
    fixture.context.log,
    { kind: 'delivery', id },
    () => applyDelivery(fixture.context, id, timesReceived),
    (failure) => countDeliveryTry(fixture.pool, id, failure),
  );

async function dueS(table: string, column: string, id: string): Promise<number | null> {
  const { rows } = await fixture.pool.query(
    `select extract(epoch from offer_at - capstan_now())::float8 as "dueS" from ${table} where ${column} = $1`,
    [id],
  );
  return rows[0].dueS;
}

async function setAside(kind: TriedItem['kind']): Promise<string | undefined> {
  const registry = createRegistry('reconciler');
  measureSetAside(registry, fixture.pool, fixture.context.log);
  const metrics = await registry.metrics();
  return new RegExp(`^capstan_set_aside\\{kind="${kind}"[^}]*\\} (\\d+)$`, 'm').exec(metrics)?.[1];
}

test('a delivery that fails by itself is tried five times, ever later, and then set aside', async () => {
  const { key, conomyId } = await fixture.capturedPayment();
  const { id } = await fixture.deliver({ id: conomyId, status: 'RECEIVED' });
  await refuseMoves(key, '22P05');

  for (const minutes of [1, 2, 4, 8]) {
    await tryDelivery(id);
    expect(await dueS('webhook_deliveries', 'id', id)).toBeCloseTo(60 * minutes, -1);
    expect(await findDelivery(fixture.pool, id)).toMatchObject({ result: null, appliedAt: null });
  }
  expect(await setAside('delivery')).toBeUndefined();
  await tryDelivery(id);

  expect(await findDelivery(fixture.pool, id)).toMatchObject({
    result: 'unreadable',
    // Where its payment's timeline finds it.
    paymentKey: key,
    failure: expect.stringMatching(/22P05$/),
  });
  expect(await setAside('delivery')).toBe('1');
  await fixture.pool.query(`update webhook_deliveries set offer_at = offer_at - interval '2 days'`);
  expect((await takeDueDeliveries(fixture.pool, 100, 1_000)).map((due) => due.id)).not.toContain(id);
  expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'CAPTURED' });
});

test('what a delivery that was set aside is about is read, so that the mirror is right without it', async () => {
  const { key, conomyId } = await fixture.capturedPayment();
  await fixture.control(`payments/${conomyId}/transition`, { status: 'RECEIVED' });
  const { id } = await fixture.deliver({ id: conomyId, status: 'RECEIVED' });
  await refuseMoves(key, '22P05');
  for (let tries = 0; tries < TRIES_MAX - 1; tries += 1) await tryDelivery(id);
  await fixture.pool.query('update payments set offer_at = null where key = $1', [key]);
  await tryDelivery(id);
  await fixture.pool.query('drop trigger refuse on payments');

  const due = (await takeDueReads(fixture.pool, 100, 1_000)).find((read) => read.key === key);
  if (due === undefined) throw new Error('no read of the payment is due');
  await readPayment(fixture.context, { paymentKey: key, version: due.version, reads: due.reads });
  expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED' });
  expect(await findDelivery(fixture.pool, id)).toMatchObject({ result: 'unreadable' });
});

test('what was set aside is tried once more when it is received again, and applied when it can be', async () => {
  const { key, conomyId } = await fixture.capturedPayment();
  const transaction = { id: conomyId, status: 'RECEIVED' };
  const { id } = await fixture.deliver(transaction);
  await refuseMoves(key, '22P05');
  for (let tries = 0; tries < TRIES_MAX; tries += 1) await tryDelivery(id);

  await fixture.deliver(transaction);
  await tryDelivery(id, 2);
  expect(await findDelivery(fixture.pool, id)).toMatchObject({ result: 'unreadable', timesReceived: 2 });

  await fixture.pool.query('drop trigger refuse on payments');
  await fixture.deliver(transaction);
  await tryDelivery(id, 3);
  expect(await findDelivery(fixture.pool, id)).toMatchObject({ result: 'moved', failure: null });
  expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED' });
});

test.each([
  ['57P03', 'the database is away'],
  ['40001', 'transactions met'],
  ['42703', 'the schema is another'],
  ['55P03', 'a lock is held'],
])('no try is counted when %s: %s', async (sqlState) => {
  const { key, conomyId } = await fixture.capturedPayment();
  const { id } = await fixture.deliver({ id: conomyId, status: 'RECEIVED' });
  await refuseMoves(key, sqlState);
  await expect(tryDelivery(id)).rejects.toThrow();
  const { rows } = await fixture.pool.query('select tries, failure from webhook_deliveries where id = $1', [
    id,
  ]);
  expect(rows).toEqual([{ tries: 0, failure: null }]);
  expect(await dueS('webhook_deliveries', 'id', id)).toBeLessThanOrEqual(5);
});

test('a payment whose reads cannot be applied is read ever more rarely and counted, until one can', async () => {
  const { key, conomyId } = await fixture.capturedPayment();
  await fixture.control(`payments/${conomyId}/transition`, { status: 'RECEIVED' });
  await refuseMoves(key, '54000');
  const read = () => {
    const job = { paymentKey: key, version: 2, reads: 0 };
    return countTries(
      fixture.context.log,
      { kind: 'read', id: key },
      () => readPayment(fixture.context, job),
      () => countReadFault(fixture.pool, key),
    );
  };
  for (const minutes of [1, 2, 4, 8, 16]) {
    await read();
    expect(await dueS('payments', 'key', key)).toBeCloseTo(60 * minutes, -1);
  }
  expect(await setAside('read')).toBe('1');
  await fixture.pool.query(`update payments set offer_at = capstan_now() where key = $1`, [key]);
  expect((await takeDueReads(fixture.pool, 100, 1_000)).map((due) => due.key)).toContain(key);

  await fixture.pool.query('drop trigger refuse on payments');
  await read();
  expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED' });
  expect(await setAside('read')).toBeUndefined();
});
