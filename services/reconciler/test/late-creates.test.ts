/**
 * A create that a person ruled out and that Conomy did after all. The goal: the payment is told as a twin by whatever names
 * it first, is bound to nothing, is captured by nobody, and alarms when it moves.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { ruleOutAttempts } from '@capstan/shared/db/conclusions';
import { findPayment } from '@capstan/shared/db/payments';
import { inTransaction } from '@capstan/shared/db/transaction';
import { collectBody } from '@capstan/testing/create-bodies';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDelivery } from '../src/apply-delivery.ts';
import { compareDays } from '../src/comparison/compare-days.ts';
import { toDay } from '../src/comparison/days.ts';
import { watchTwins } from '../src/watch-twins.ts';
import { openReconcilerFixture, type ReconcilerFixture } from './reconciler-fixture.ts';

let fixture: ReconcilerFixture;
beforeAll(async () => {
  fixture = await openReconcilerFixture();
});
afterAll(() => fixture.close());

/** A create of two days ago that was concluded as not made, and the payment that Conomy shows now. */
async function lateCreate() {
  const { pool } = fixture;
  const [key, id, externalId] = [randomUUID(), randomUUID(), randomUUID()];
  await pool.query('insert into payments (key, external_id) values ($1, $2)', [key, externalId]);
  await pool.query(
    `insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, status, accepted_by, problem,
       finished_at)
     values ($1, $5, $4, 'payment.create', $2, $3, '{create,capture}', 'rejected', 'test',
       '{"code":"not_made","detail":"x"}', capstan_now())`,
    [id, key, collectBody(externalId), randomBytes(32), randomUUID()],
  );
  await pool.query(
    `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, outcome,
       finished_at, resolution, resolved_at)
     values ($1, $2, 0, 'create', 1, 1, 'w', capstan_now() - interval '2 days', 'unknown', capstan_now(), 'parked', capstan_now())`,
    [id, key],
  );
  await inTransaction(pool, (tx) => ruleOutAttempts(tx, id, []));
  const made = await fixture.context.provider.createPayment(JSON.stringify(collectBody(externalId)));
  if (!made.ok) throw new Error(made.failure.reason);
  return { key, commandId: id, externalId, conomyId: made.value.id };
}

type LateCreate = Awaited<ReturnType<typeof lateCreate>>;

const alarmsOf = async (conomyId: string) =>
  (
    await fixture.pool.query(
      'select kind, payment_key as key, status from discrepancies where conomy_id = $1 order by kind',
      [conomyId],
    )
  ).rows;

async function byDelivery({ conomyId, externalId }: LateCreate) {
  const stored = await fixture.deliver({ id: conomyId, externalId, status: 'CREATED' });
  await fixture.pool.query(
    `update webhook_deliveries set received_at = received_at - interval '2 minutes' where id = $1`,
    [stored.id],
  );
  await applyDelivery(fixture.context, stored.id, stored.timesReceived);
}

async function byComparison() {
  const day = toDay(Date.now());
  const context = {
    ...fixture.context,
    reads: fixture.context.senders.reads,
    wait: async () => {},
    onPage: async () => {},
  };
  await compareDays(context, { from: day, to: day, mode: 'repair' }, async () => {});
}

async function createdEffects({ conomyId }: LateCreate) {
  const { payments } = (await fixture.control('ledger')) as {
    payments: { id: string; status: string; calls: { capture: number } }[];
  };
  const { status, calls } = payments.find(({ id }) => id === conomyId) ?? {};
  return { status, captures: calls?.capture };
}

test.each([
  ['a delivery', byDelivery],
  ['the comparison of its day', byComparison],
])('is told as a twin by %s, bound to nothing, and its capture is the highest alarm', async (_, by) => {
  const late = await lateCreate();
  await by(late);
  const twin = { kind: 'twin', key: late.key, status: 'open' };
  expect(await alarmsOf(late.conomyId)).toEqual([twin]);
  expect(await findPayment(fixture.pool, late.key)).toMatchObject({ conomyId: null, status: null });
  const { rows: commands } = await fixture.pool.query(
    `select status, problem->>'code' as code, offer_at as "offerAt" from commands where payment_key = $1`,
    [late.key],
  );
  expect(commands).toEqual([{ status: 'rejected', code: 'not_made', offerAt: null }]);
  expect(await createdEffects(late)).toEqual({ status: 'CREATED', captures: 0 });

  await fixture.context.provider.capturePayment(late.conomyId);
  const later = fixture.contextLater('90 minutes');
  await watchTwins(later);
  await later.pool.end();
  expect(await alarmsOf(late.conomyId)).toEqual([twin, { ...twin, kind: 'twin_moved' }]);
});
