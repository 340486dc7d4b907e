import { randomBytes, randomUUID } from 'node:crypto';
import { findDelivery } from '@capstan/shared/db/deliveries';
import { findDiscrepanciesOfPayment } from '@capstan/shared/db/discrepancies';
import { findPayment } from '@capstan/shared/db/payments';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { readJob } from '@capstan/shared/queue/catalogue';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measureAnnouncedMoves } from '@capstan/shared/telemetry/unfinished-work';
import { collectBody } from '@capstan/testing/create-bodies';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyDelivery } from '../src/apply-delivery.ts';
import type { ReconcilerContext } from '../src/context.ts';
import { noticeOverdue } from '../src/notice-overdue.ts';
import { readPayment } from '../src/read-payment.ts';
import { watchTwins } from '../src/watch-twins.ts';
import { openReconcilerFixture, type ReconcilerFixture } from './reconciler-fixture.ts';

let fixture: ReconcilerFixture;

beforeAll(async () => {
  fixture = await openReconcilerFixture();
});
afterAll(() => fixture.close());

const amounts = { purchaseAmount: '30000.00', totalAmount: '30000.00', currency: 'COP' };

async function apply(transaction: Record<string, string>, event?: string) {
  const stored = await fixture.deliver(transaction, event);
  await applyDelivery(fixture.context, stored.id, stored.timesReceived);
  return { result: (await findDelivery(fixture.pool, stored.id))?.result, ...stored };
}

async function readDue(key: string) {
  const payment = await findPayment(fixture.pool, key);
  if (payment === null) throw new Error(`payment ${key} is gone`);
  await readPayment(fixture.context, readJob(key, payment.version, payment.reads).data);
  return findPayment(fixture.pool, key);
}

const move = (conomyId: string, status: string) =>
  fixture.control(`payments/${conomyId}/transition`, { status });

const dueNow = async (key: string) =>
  (
    await fixture.pool.query(
      `select offer_at <= capstan_now() + interval '6 seconds' as due from payments where key = $1`,
      [key],
    )
  ).rows[0].due;

describe('a delivery before the first read', () => {
  /** A payment whose create and capture were answered with id and status alone. */
  async function unreadPayment() {
    const { key, conomyId, externalId } = await fixture.capturedPayment();
    const { totalAmount, currency, ...body } = collectBody(externalId);
    await fixture.pool.query('update payments set snapshot = $2 where key = $1', [key, body]);
    await fixture.pool.query(
      `insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, steps_done, status, accepted_by, finished_at)
       values (gen_random_uuid(), $1::text, sha256(convert_to($1::text, 'UTF8')), 'payment.create', $2, $3, '{create}', 1, 'succeeded', 'test', capstan_now())`,
      [`key-${key}`, key, body],
    );
    return { key, conomyId, externalId };
  }

  test.each([
    ['another amount', { totalAmount: '99000.00', currency: 'COP' }],
    ['another currency', { totalAmount: '30000.00', currency: 'USD' }],
    ['another amount paid', { ...amounts, purchaseAmount: '99000.00' }],
    ['another externalId', { ...amounts, externalId: 'another' }],
  ])('that tells %s than was accepted moves nothing, and a read is due', async (_what, told) => {
    const { key, conomyId, externalId } = await unreadPayment();
    const { result } = await apply({ id: conomyId, externalId, status: 'RECEIVED', ...told });
    expect(result).toBe('read');
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'CAPTURED', version: 2 });
    expect(await dueNow(key)).toBe(true);
    expect(await findDiscrepanciesOfPayment(fixture.pool, key)).toEqual([]);
  });

  test('that tells what was accepted moves the mirror', async () => {
    const { key, conomyId, externalId } = await unreadPayment();
    expect(await apply({ id: conomyId, externalId, status: 'RECEIVED', ...amounts })).toMatchObject({
      result: 'moved',
    });
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED' });
  });

  test('that differs is answered by the read, which opens what it finds', async () => {
    const { key, conomyId, externalId } = await unreadPayment();
    await apply({ id: conomyId, externalId, status: 'RECEIVED', totalAmount: '99000.00', currency: 'COP' });
    await move(conomyId, 'RECEIVED');
    expect(await readDue(key)).toMatchObject({
      status: 'RECEIVED',
      cause: 'read',
      snapshot: { totalAmount: '30000.00' },
    });
    expect(await findDiscrepanciesOfPayment(fixture.pool, key)).toEqual([]);
  });
});

test('a read that tells another payment under the id moves nothing and is for a person', async () => {
  const { key, conomyId, externalId } = await fixture.capturedPayment();
  await fixture.pool.query(
    `insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, steps_done, status, accepted_by, finished_at)
     values (gen_random_uuid(), $1::text, sha256(convert_to($1::text, 'UTF8')), 'payment.create', $2, $3, '{create}', 1, 'succeeded', 'test', capstan_now())`,
    [`key-${key}`, key, { ...collectBody(externalId), externalId: 'another' }],
  );
  await move(conomyId, 'RECEIVED');
  expect(await readDue(key)).toMatchObject({ status: 'CAPTURED', version: 2 });
  expect(await findDiscrepanciesOfPayment(fixture.pool, key)).toMatchObject([
    {
      kind: 'field_differs',
      field: 'externalId',
      mirror: { value: { externalId: 'another' } },
      provider: { value: { externalId } },
    },
  ]);
});

describe('a delivery', () => {
  test('moves the mirror to the next state that is not final, and asks for a read', async () => {
    const { key, conomyId, externalId } = await fixture.capturedPayment();
    expect(await apply({ id: conomyId, externalId, status: 'RECEIVED', ...amounts })).toMatchObject({
      result: 'moved',
    });
    expect(await findPayment(fixture.pool, key)).toMatchObject({
      status: 'RECEIVED',
      version: 3,
      cause: 'delivery',
    });
    expect(await dueNow(key)).toBe(true);
  });

  test('of the same bytes again is counted and changes nothing', async () => {
    const { key, conomyId, externalId } = await fixture.capturedPayment();
    const transaction = { id: conomyId, externalId, status: 'RECEIVED', ...amounts };
    await apply(transaction);
    const before = await findPayment(fixture.pool, key);
    expect(await apply(transaction)).toMatchObject({ timesReceived: 2, result: 'duplicate' });
    expect(await findPayment(fixture.pool, key)).toEqual({ ...before, ageMs: expect.any(Number) });
  });

  test('that is older than the mirror is stale', async () => {
    const { key, conomyId, externalId } = await fixture.capturedPayment();
    await apply({ id: conomyId, externalId, status: 'RECEIVED', ...amounts });
    expect(
      await apply({ id: conomyId, externalId, status: 'CREATED', ...amounts }, 'transaction.status_changed'),
    ).toMatchObject({ result: 'stale' });
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED' });
  });

  test('of a final state is not believed: it causes a read, and the read decides', async () => {
    const { key, conomyId, externalId } = await fixture.capturedPayment();
    expect(
      await apply({ id: conomyId, externalId, status: 'FAILED', ...amounts }, 'Transaction.Failed'),
    ).toMatchObject({ result: 'read' });
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'CAPTURED' });
    expect(await readDue(key)).toMatchObject({ status: 'CAPTURED' });
    expect(await openKinds(key)).toEqual([]);
    await move(conomyId, 'FAILED');
    expect(await readDue(key)).toMatchObject({ status: 'FAILED', final: true, cause: 'read' });
  });

  test('with another amount moves nothing and causes a read', async () => {
    const { key, conomyId, externalId } = await fixture.capturedPayment();
    expect(
      await apply({ id: conomyId, externalId, status: 'RECEIVED', totalAmount: '30000.01', currency: 'COP' }),
    ).toMatchObject({ result: 'read' });
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'CAPTURED' });
  });

  test('with the same amount written otherwise is the same money', async () => {
    const { conomyId, externalId } = await fixture.capturedPayment();
    expect(
      await apply({ id: conomyId, externalId, status: 'RECEIVED', totalAmount: '30000', currency: 'COP' }),
    ).toMatchObject({ result: 'moved' });
  });

  test.each(['DISPUTED', 'COMPLETED', '\u0000'])(
    'of the status %j that nobody knows is stored and causes a read',
    async (status) => {
      const { conomyId, externalId } = await fixture.capturedPayment();
      expect(await apply({ id: conomyId, externalId, status, ...amounts })).toMatchObject({ result: 'read' });
    },
  );

  test('of a payment nobody knows waits for it, and of no payment at all is kept', async () => {
    expect(await apply({ id: 'f'.repeat(24), status: 'RECEIVED' })).toMatchObject({ result: 'unmatched' });
    expect(await apply({}, 'customer.levelChanged')).toMatchObject({ result: 'ignored' });
  });
});

async function openKinds(key: string): Promise<string[]> {
  const found = await findDiscrepanciesOfPayment(fixture.pool, key);
  return found.filter(({ status }) => status === 'open').map(({ kind }) => kind);
}

describe('a delivery that fits no payment', () => {
  /** As two minutes after it came. */
  async function applyLate(transaction: Record<string, string>, event?: string) {
    const stored = await fixture.deliver(transaction, event);
    await fixture.pool.query(
      `update webhook_deliveries set received_at = received_at - interval '2 minutes' where id = $1`,
      [stored.id],
    );
    await applyDelivery(fixture.context, stored.id, stored.timesReceived);
    return stored.id;
  }
  const isDue = async (id: string) =>
    (
      await fixture.pool.query('select offer_at is not null as due from webhook_deliveries where id = $1', [
        id,
      ])
    ).rows[0].due;
  const discrepanciesOf = async (conomyId: string) =>
    (await fixture.pool.query('select kind, status from discrepancies where conomy_id = $1', [conomyId]))
      .rows;

  async function madeElsewhere() {
    const made = await fixture.context.provider.createPayment(JSON.stringify(collectBody(randomUUID())));
    if (!made.ok) throw new Error(made.failure.reason);
    return made.value;
  }

  test('is applied once more after two minutes', async () => {
    const { id } = await apply({ id: 'd'.repeat(24), status: 'RECEIVED' });
    expect(await isDue(id)).toBe(true);
  });

  test('and is unknown to Conomy too is told to a person', async () => {
    const conomyId = '1'.repeat(24);
    expect(await isDue(await applyLate({ id: conomyId, status: 'RECEIVED' }))).toBe(false);
    expect(await discrepanciesOf(conomyId)).toEqual([{ kind: 'orphan_delivery', status: 'open' }]);
  });

  test('because somebody else made the payment is told to a person', async () => {
    const { id } = await madeElsewhere();
    await applyLate({ id, status: 'CREATED' });
    expect(await discrepanciesOf(id)).toEqual([{ kind: 'missing_here', status: 'open' }]);
  });

  test('under an externalId of ours names a twin', async () => {
    const { key } = await fixture.capturedPayment();
    const { id, externalId } = await madeElsewhere();
    await fixture.pool.query('update payments set external_id = $2 where key = $1', [key, externalId]);
    await applyLate({ id, status: 'CREATED' });
    expect(await discrepanciesOf(id)).toEqual([{ kind: 'twin', status: 'open' }]);
  });

  test('about a twin that left CREATED by itself is the highest alarm, once', async () => {
    const { key } = await fixture.capturedPayment();
    const { id, externalId } = await madeElsewhere();
    await fixture.pool.query('update payments set external_id = $2 where key = $1', [key, externalId]);
    await applyLate({ id, status: 'CREATED' });
    const later = fixture.contextLater('90 minutes');
    await watchTwins(later);
    expect(await discrepanciesOf(id)).toEqual([{ kind: 'twin', status: 'open' }]);
    await fixture.context.provider.capturePayment(id);
    const muchLater = fixture.contextLater('5 hours');
    await watchTwins(muchLater);
    await watchTwins(muchLater);
    const found = await discrepanciesOf(id);
    expect(found.map(({ kind }) => kind).sort()).toEqual(['twin', 'twin_moved']);
    await later.pool.end();
    await muchLater.pool.end();
  });

  test('about a twin is watched however many others cannot be read', async () => {
    const { key } = await fixture.capturedPayment();
    const { id, externalId } = await madeElsewhere();
    await fixture.pool.query('update payments set external_id = $2 where key = $1', [key, externalId]);
    await applyLate({ id, status: 'CREATED' });
    await fixture.context.provider.capturePayment(id);
    await fixture.pool.query(
      `insert into discrepancies (kind, payment_key, conomy_id, mirror, mirror_read_at, provider, provider_read_at, cause)
       select 'twin', $1, 'gone-' || nth, '{}', capstan_now(), '{}', capstan_now() - interval '1 day', 'test'
       from generate_series(1, 25) nth`,
      [key],
    );
    const later = fixture.contextLater('90 minutes');
    await watchTwins(later);
    await later.pool.end();
    const found = await discrepanciesOf(id);
    expect(found.map(({ kind }) => kind).sort()).toEqual(['twin', 'twin_moved']);
  });

  test('about a twin is watched also behind one that PostgreSQL refuses to keep', async () => {
    const { key } = await fixture.capturedPayment();
    const { id, externalId } = await madeElsewhere();
    await fixture.pool.query('update payments set external_id = $2 where key = $1', [key, externalId]);
    await applyLate({ id, status: 'CREATED' });
    await fixture.context.provider.capturePayment(id);
    const refused = await madeElsewhere();
    await fixture.pool.query(
      `insert into discrepancies (kind, payment_key, conomy_id, mirror, mirror_read_at, provider, provider_read_at, cause)
       values ('twin', $1, $2, '{}', capstan_now(), '{}', capstan_now() - interval '1 day', 'test')`,
      [key, refused.id],
    );
    await fixture.pool.query(
      `alter table discrepancies add constraint refused check (conomy_id <> '${refused.id}' or times_seen = 1)`,
    );
    const later = fixture.contextLater('90 minutes');
    await watchTwins(later).finally(() => later.pool.end());
    await fixture.pool.query('alter table discrepancies drop constraint refused');
    const found = await discrepanciesOf(id);
    expect(found.map(({ kind }) => kind).sort()).toEqual(['twin', 'twin_moved']);
  });

  test('is looked up by the next process where one dies before it did', async () => {
    const { id } = await madeElsewhere();
    const stored = await fixture.deliver({ id, status: 'CREATED' });
    await fixture.pool.query(
      `update webhook_deliveries set received_at = received_at - interval '2 minutes' where id = $1`,
      [stored.id],
    );
    const dies: ReconcilerContext = {
      ...fixture.context,
      provider: {
        ...fixture.context.provider,
        readPayment: () => Promise.reject(new Error('the process is gone')),
      },
    };
    await expect(applyDelivery(dies, stored.id, stored.timesReceived)).rejects.toThrow('gone');
    expect(await isDue(stored.id)).toBe(true);
    await applyDelivery(fixture.context, stored.id, stored.timesReceived);
    expect(await discrepanciesOf(id)).toEqual([{ kind: 'missing_here', status: 'open' }]);
    expect(await isDue(stored.id)).toBe(false);
  });

  test('while its create is at work here waits on', async () => {
    const { id, externalId = '' } = await madeElsewhere();
    await fixture.pool.query('insert into payments (key, external_id) values ($1, $2)', [
      randomUUID(),
      externalId,
    ]);
    expect(await isDue(await applyLate({ id, externalId, status: 'CREATED' }))).toBe(true);
    expect(await discrepanciesOf(id)).toEqual([]);
  });

  test('wakes the create whose outcome is unknown', async () => {
    const { id, externalId = '' } = await madeElsewhere();
    const key = randomUUID();
    await fixture.pool.query('insert into payments (key, external_id) values ($1, $2)', [key, externalId]);
    await fixture.pool.query(
      `insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, status, accepted_by, due_at)
       values ($1, $2, $3, 'payment.create', $4, '{}', '{create}', 'unresolved', 'test', now() + interval '1 hour')`,
      [randomUUID(), randomUUID(), randomBytes(32), key],
    );
    await apply({ id, externalId, status: 'CREATED' });
    const { rows } = await fixture.pool.query(
      'select due_at <= now() as due, offer_at is not null as offered from commands where payment_key = $1',
      [key],
    );
    expect(rows).toEqual([{ due: true, offered: true }]);
  });

  test('is read later where Conomy gives no answer', async () => {
    const { id } = await madeElsewhere();
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'read', fault: '500', count: 1 }] });
    expect(await isDue(await applyLate({ id, status: 'CREATED' }))).toBe(true);
    expect(await discrepanciesOf(id)).toEqual([]);
  });
});

describe('the companion of a payment that was paid short', () => {
  /** A payment of ours, and the payment that Conomy made beside it. */
  async function withCompanion() {
    const payment = await fixture.capturedPayment();
    const made = await fixture.context.provider.createPayment(JSON.stringify(collectBody(randomUUID())));
    if (!made.ok) throw new Error(made.failure.reason);
    const companion = made.value.id;
    const { provider } = fixture.context;
    /** Reads the payment as settled and beside its companion, of which `tell` makes what is told. */
    const readsSettled = (tell: () => ReturnType<typeof provider.readPayment>): ReconcilerContext => ({
      ...fixture.context,
      provider: {
        ...provider,
        readPayment: async (id) => {
          if (id === companion) return tell();
          const read = await provider.readPayment(id);
          if (!read.ok) return read;
          const raw = { ...read.value.raw, relatedPaymentId: companion };
          return { ok: true, value: { ...read.value, status: 'SETTLED', raw } };
        },
      },
    });
    const read = async (context: ReconcilerContext) => {
      const before = await findPayment(fixture.pool, payment.key);
      await readPayment(context, readJob(payment.key, before?.version ?? 0, before?.reads ?? 0).data);
    };
    const statusOf = async (conomyId: string) =>
      (await fixture.pool.query('select status from payments where conomy_id = $1', [conomyId])).rows.map(
        ({ status }) => status,
      );
    const told = { id: payment.conomyId, externalId: payment.externalId, status: 'RECEIVED', ...amounts };
    return {
      ...payment,
      companion,
      delivery: { ...told, relatedPaymentId: companion },
      tell: () => provider.readPayment(companion),
      readsSettled,
      read,
      statusOf,
    };
  }

  const dies = () => Promise.reject(new Error('Connection terminated'));

  test('is mirrored with it', async () => {
    const { companion, delivery, statusOf } = await withCompanion();
    await apply(delivery, 'purchase.underpaid');
    expect(await statusOf(companion)).toEqual(['CREATED']);
  });

  test('is mirrored by the next process where one dies that read the payment for the last time', async () => {
    const { conomyId, companion, tell, readsSettled, read, statusOf } = await withCompanion();
    await expect(read(readsSettled(dies))).rejects.toThrow('terminated');
    expect(await statusOf(conomyId)).toEqual(['CAPTURED']);
    await read(readsSettled(tell));
    expect([await statusOf(conomyId), await statusOf(companion)]).toEqual([['SETTLED'], ['CREATED']]);
  });

  test('is mirrored by the next process where one dies that applied the delivery', async () => {
    const { companion, delivery, readsSettled, statusOf } = await withCompanion();
    const { id, timesReceived } = await fixture.deliver(delivery, 'purchase.underpaid');
    await expect(applyDelivery(readsSettled(dies), id, timesReceived)).rejects.toThrow('terminated');
    expect(await findDelivery(fixture.pool, id)).toMatchObject({ result: null });
    await applyDelivery(fixture.context, id, timesReceived);
    expect(await statusOf(companion)).toEqual(['CREATED']);
  });

  test('that cannot be mirrored holds up neither', async () => {
    const { conomyId, delivery, readsSettled, read, statusOf } = await withCompanion();
    const fails = readsSettled(() => Promise.reject(new Error('nobody can make sense of it')));
    const { id, timesReceived } = await fixture.deliver(delivery, 'purchase.underpaid');
    await applyDelivery(fails, id, timesReceived);
    expect(await findDelivery(fixture.pool, id)).toMatchObject({ result: 'moved' });
    await read(fails);
    expect(await statusOf(conomyId)).toEqual(['SETTLED']);
  });
});

test('what Conomy says and its documents do not is counted, by answers and deliveries', async () => {
  const { conomyId, externalId } = await fixture.capturedPayment();
  const told = { id: conomyId, externalId, status: 'RECEIVED', ...amounts, mood: 'good' };
  await apply(told, 'Transaction.Cheered');
  await fixture.drift.close();
  const { rows } = await fixture.pool.query(
    `select kind, place, name, seen, times::int from drift where name in ('mood', 'Transaction.Cheered') order by kind`,
  );
  expect(rows).toEqual([
    { kind: 'new_event', place: 'delivery', name: 'Transaction.Cheered', seen: 'string', times: 1 },
    { kind: 'new_field', place: 'delivery.transaction', name: 'mood', seen: 'string', times: 1 },
  ]);
});

test('the metrics tell of how many moves a webhook told', async () => {
  const moves = [
    await fixture.capturedPayment(),
    await fixture.capturedPayment(),
    await fixture.capturedPayment(),
  ];
  const [told, missing, tooNew] = moves;
  for (const { key, conomyId } of moves) {
    await move(conomyId, 'RECEIVED');
    await readDue(key);
  }
  await fixture.pool.query(`update journal set at = at - interval '30 minutes' where payment_key = any($1)`, [
    [told?.key, missing?.key],
  ]);
  await apply({ id: told?.conomyId ?? '', status: 'RECEIVED', ...amounts });
  const registry = createRegistry('reconciler');
  measureAnnouncedMoves(registry, fixture.pool, fixture.context.log);
  const metrics = await registry.metrics();
  expect(tooNew).toBeDefined();
  expect(metrics).toMatch(/^capstan_announced_moves\{delivery="told"[^}]*\} 1$/m);
  expect(metrics).toMatch(/^capstan_announced_moves\{delivery="missing"[^}]*\} 1$/m);
});

describe('a payment that stands still', () => {
  const overdueKinds = async (key: string) =>
    (await findDiscrepanciesOfPayment(fixture.pool, key)).map(({ kind, status }) => `${kind} ${status}`);

  test('is told once, and explained when it moves', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    await fixture.pool.query(`update payments set overdue_at = now() - interval '1 second' where key = $1`, [
      key,
    ]);
    await noticeOverdue(fixture.context);
    await noticeOverdue(fixture.context);
    expect(await overdueKinds(key)).toEqual(['overdue open']);
    await readDue(key);
    expect(await overdueKinds(key)).toEqual(['overdue open']);
    await move(conomyId, 'RECEIVED');
    await readDue(key);
    expect(await overdueKinds(key)).toEqual(['overdue explained']);
    const { rows } = await fixture.pool.query(
      `select overdue_at between now() + interval '59 minutes' and now() + interval '61 minutes' as soon from payments where key = $1`,
      [key],
    );
    expect(rows).toEqual([{ soon: true }]);
  });

  test('of which PostgreSQL refuses to keep anything leaves nobody else untold, and is tried again later', async () => {
    const [one, refused, another] = [
      await fixture.capturedPayment(),
      await fixture.capturedPayment(),
      await fixture.capturedPayment(),
    ];
    const keys = [one.key, refused.key, another.key];
    await fixture.pool.query(
      `update payments set overdue_at = now() - array_position($1::uuid[], key) * interval '1 second' where key = any($1)`,
      [keys],
    );
    await fixture.pool.query(
      `alter table discrepancies add constraint refused check (payment_key <> '${refused.key}')`,
    );
    await noticeOverdue(fixture.context);
    expect([await overdueKinds(one.key), await overdueKinds(another.key)]).toEqual([
      ['overdue open'],
      ['overdue open'],
    ]);
    const { rows } = await fixture.pool.query(
      `select overdue_at between now() + interval '59 minutes' and now() + interval '61 minutes' as later from payments where key = $1`,
      [refused.key],
    );
    expect(rows).toEqual([{ later: true }]);
    await fixture.pool.query('alter table discrepancies drop constraint refused');
  });

  test('is never told of once it is final', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    await move(conomyId, 'RECEIVED');
    await move(conomyId, 'SETTLED');
    await readDue(key);
    const { rows } = await fixture.pool.query('select overdue_at from payments where key = $1', [key]);
    expect(rows).toEqual([{ overdue_at: null }]);
  });
});

describe('a read', () => {
  test('jumps over states that were not seen and closes the payment without any webhook', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    await move(conomyId, 'RECEIVED');
    await move(conomyId, 'SETTLED');
    expect(await readDue(key)).toMatchObject({ status: 'SETTLED', final: true, version: 3 });
    const { rows } = await fixture.pool.query('select offer_at from payments where key = $1', [key]);
    expect(rows).toEqual([{ offer_at: null }]);
  });

  test('that finds nothing new schedules the next one later', async () => {
    const { key } = await fixture.capturedPayment();
    expect(await readDue(key)).toMatchObject({ status: 'CAPTURED', reads: 1 });
    expect(await readDue(key)).toMatchObject({ reads: 2 });
  });

  /** A read that is answered, and applied only after the mirror has moved on to RECEIVED. */
  async function overtakenRead(told: (answer: ObservedPayment) => ObservedPayment) {
    const { key, conomyId, externalId } = await fixture.capturedPayment();
    const { provider } = fixture.context;
    const overtaken = {
      ...fixture.context,
      provider: {
        ...provider,
        readPayment: async (...call: Parameters<typeof provider.readPayment>) => {
          const answer = await provider.readPayment(...call);
          await apply({ id: conomyId, externalId, status: 'RECEIVED', ...amounts });
          return answer.ok ? { ok: true as const, value: told(answer.value) } : answer;
        },
      },
    };
    await readPayment(overtaken, readJob(key, 2, 0).data);
    return key;
  }

  test('whose answer was overtaken by a move of the mirror is thrown away', async () => {
    const key = await overtakenRead((answer) => answer);
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED', version: 3 });
  });

  test('that was overtaken moves nothing to a state that may be over, and tells nobody of it', async () => {
    const status = 'DISPUTED';
    const key = await overtakenRead((answer) => ({ ...answer, status, raw: { ...answer.raw, status } }));
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED', version: 3 });
    expect(await findDiscrepanciesOfPayment(fixture.pool, key)).toEqual([]);
  });

  test('that contradicts a final state never moves it and opens a discrepancy', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    await move(conomyId, 'FAILED');
    await fixture.pool.query(
      `update payments set status = 'SETTLED', cause = 'read', version = 3 where key = $1`,
      [key],
    );
    await readPayment(fixture.context, readJob(key, 3, 0).data);
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'SETTLED' });
    expect(await openKinds(key)).toEqual(['final_contradicted']);
  });

  test('that fails is repeated later', async () => {
    const { key } = await fixture.capturedPayment();
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'read', fault: '500', count: 1 }] });
    expect(await readDue(key)).toMatchObject({ status: 'CAPTURED', reads: 1 });
    expect(await dueNow(key)).toBe(true);
  });
});

describe('a delivery about a refund', () => {
  test('made elsewhere of a payment we mirror gets a row of its own and a read', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    const id = 'a'.repeat(24);
    const transaction = { id, type: 'REFUND', status: 'RECEIVED', totalAmount: '150.00', currency: 'COP' };
    const told = await apply({ ...transaction, parentPaymentId: conomyId }, 'payment.refund.created');
    expect(told).toMatchObject({ result: 'read' });
    const { rows } = await fixture.pool.query(
      'select kind, status, offer_at is not null as due from payments where parent_key = $1',
      [key],
    );
    expect(rows).toEqual([{ kind: 'refund', status: null, due: true }]);
  });

  test('of a payment nobody knows waits like every other', async () => {
    const transaction = {
      id: 'b'.repeat(24),
      type: 'REFUND',
      status: 'RECEIVED',
      parentPaymentId: 'c'.repeat(24),
    };
    expect(await apply(transaction, 'payment.refund.created')).toMatchObject({ result: 'unmatched' });
  });
});
