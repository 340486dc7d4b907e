/** A parked command that a person put back: it is looked for at Conomy, anew, before anything is sent. */
import { findAttemptsOfCommand, parkOpenAttempts } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { inTransaction } from '@capstan/shared/db/transaction';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

const lost: ProviderResult<ObservedPayment> = {
  ok: false,
  failure: { stage: 'no_clear_answer', reason: 'timeout' },
};

/** Runs the command with a provider whose create has its effect or not, and whose answer is lost. */
async function executeWithLostAnswer(id: string, hasEffect: boolean): Promise<void> {
  const { provider } = fixture.context;
  const losing = {
    ...provider,
    createPayment: async (body: string) => {
      if (hasEffect) await provider.createPayment(body);
      return lost;
    },
    listPayments: async () => lost as never,
  };
  await executeCommand({ ...fixture.context, provider: losing }, id);
}

async function park(id: string): Promise<void> {
  await inTransaction(fixture.pool, async (tx) => {
    await parkOpenAttempts(tx, id);
    await tx.query(
      `update commands set status = 'parked', offer_at = null, claimed_by = null, claimed_until = null,
         failures = 5, problem = '{"code":"payment_unclear","detail":"x"}' where id = $1`,
      [id],
    );
  });
}

async function effectsOf(externalId: string): Promise<Record<string, number>[]> {
  const { payments } = (await fixture.control('ledger')) as {
    payments: { externalId: string; effects: Record<string, number> }[];
  };
  return payments.filter((payment) => payment.externalId === externalId).map(({ effects }) => effects);
}

const attemptsOf = async (id: string) =>
  (await findAttemptsOfCommand(fixture.pool, id)).map(({ outcome, resolution }) => [outcome, resolution]);

test('a parked create that did happen is found and bound, never sent again', async () => {
  const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
  await executeWithLostAnswer(id, true);
  await park(id);
  await redrive(fixture, id);

  expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded', problem: null });
  expect(await effectsOf(externalId)).toMatchObject([{ create: 1 }]);
  expect(await attemptsOf(id)).toEqual([['unknown', 'succeeded']]);
});

test('a parked create that did not happen is sent again only after new reads have shown its absence', async () => {
  const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
  await executeWithLostAnswer(id, false);
  // Absence shown before the command was parked settles nothing now.
  await fixture.pool.query(
    `insert into attempt_reads (attempt_id, began_at, finding)
     select a.id, a.deadline_at + n * interval '1 minute', 'absent' from attempts a, generate_series(1, 3) n
     where a.command_id = $1`,
    [id],
  );
  await fixture.pool.query(
    `update attempt_reads set began_at = began_at - interval '1 hour'
     where attempt_id in (select id from attempts where command_id = $1)`,
    [id],
  );
  await fixture.pool.query(
    `update attempts set started_at = started_at - interval '1 hour', deadline_at = deadline_at - interval '1 hour'
     where command_id = $1`,
    [id],
  );
  await park(id);
  await redrive(fixture, id);
  await executeCommand(fixture.context, id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'unresolved' });
  expect(await effectsOf(externalId)).toEqual([]);

  expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
  expect(await effectsOf(externalId)).toMatchObject([{ create: 1 }]);
  expect(await attemptsOf(id)).toEqual([
    ['unknown', 'retryable'],
    ['succeeded', null],
  ]);
});

test('a capture is not sent on the word of an old mirror: the payment is read first', async () => {
  const { id, paymentKey, externalId } = await insertCreate(fixture.pool, { then: [] });
  await runToItsEnd(fixture, id);
  const captureId = await insertLater(fixture.pool, paymentKey, 'capture');
  await park(captureId);
  const { rows } = await fixture.pool.query('select conomy_id from payments where key = $1', [paymentKey]);
  await fixture.context.provider.capturePayment(rows[0].conomy_id);
  await redrive(fixture, captureId);

  expect(await runToItsEnd(fixture, captureId)).toMatchObject({ status: 'succeeded' });
  expect(await attemptsOf(captureId)).toEqual([]);
  expect(await effectsOf(externalId)).toMatchObject([{ create: 1, capture: 1 }]);
});

test('what led to parking is forgiven: the failures of before do not park the command again', async () => {
  const { id } = await insertCreate(fixture.pool);
  await park(id);
  await redrive(fixture, id);
  expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded', stepsDone: 2 });
});

test('a create that is refused as a duplicate without one is sent again once per redrive, after new reads', async () => {
  const rule = { operation: 'create', fault: '409', count: 2 };
  await fixture.control('faults', { seed: 1, rules: [rule] });
  const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
  const parked = { status: 'parked', problem: { code: 'conflict_without_payment' } };
  expect(await runToItsEnd(fixture, id)).toMatchObject(parked);
  await redrive(fixture, id);
  expect(await runToItsEnd(fixture, id)).toMatchObject(parked);
  expect(await effectsOf(externalId)).toEqual([]);

  await redrive(fixture, id);
  expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
  expect(await effectsOf(externalId)).toMatchObject([{ create: 1 }]);
  expect(await attemptsOf(id)).toEqual([
    ['unknown', 'retryable'],
    ['unknown', 'retryable'],
    ['succeeded', null],
  ]);
});
