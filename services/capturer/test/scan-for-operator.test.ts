// A scan that an operator waits for. The goal: it goes on however long the list is, over turns and capturers, touches nothing of
// the parked command, and is no evidence for anybody else.
import { findCommand } from '@capstan/shared/db/commands';
import { findOperatorScan, requestOperatorScan } from '@capstan/shared/db/operator-scans';
import { collectScan } from '@capstan/shared/db/scans';
import { collectBody } from '@capstan/testing/create-bodies';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertLater,
  insertLostCreate,
  openCapturerFixture,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

/** A create whose answer was lost two days ago, parked, with a scan of its account asked for. */
async function asked() {
  const create = await insertLostCreate(fixture.pool);
  const { pool } = fixture;
  await pool.query(
    `update attempts set deadline_at = capstan_now() - interval '2 days', resolution = 'parked', resolved_at = capstan_now()
     where id = $1`,
    [create.attemptId],
  );
  await pool.query(
    `update commands set status = 'parked', claimed_until = null, offer_at = null, problem = '{"code":"scan_too_long","detail":"x"}'
     where id = $1`,
    [create.id],
  );
  const { accountNumber, type } = collectBody(create.externalId) as { accountNumber: string; type: string };
  await requestOperatorScan(pool, create.attemptId, create.externalId, {
    operation: 'create',
    accountNumber,
    type,
  });
  return create;
}

const scanOf = (attemptId: number) => findOperatorScan(fixture.pool, attemptId, new Date(0));

test('is made by the job of the parked command, which stays as it is', async () => {
  const { id, attemptId } = await asked();
  const before = await findCommand(fixture.pool, id);
  await executeCommand(fixture.context, id);
  expect(await scanOf(attemptId)).toEqual({ rows: 0, counts: true, shown: [] });
  expect(await findCommand(fixture.pool, id)).toEqual(before);
  const { rows } = await fixture.pool.query('select from attempt_reads where attempt_id = $1', [attemptId]);
  expect(rows).toEqual([]);
});

test('shows what may be the payment, and is no evidence for a capturer', async () => {
  const { id, attemptId, externalId } = await asked();
  const made = await fixture.context.provider.createPayment(JSON.stringify(collectBody(externalId)));
  if (!made.ok) throw new Error(made.failure.reason);
  await executeCommand(fixture.context, id);
  expect((await scanOf(attemptId))?.shown).toEqual([made.value.id]);
  expect(await collectScan(fixture.pool, attemptId)).toBeNull();
});

test('has no bounds of rows or hours, and goes on over turns and capturers', async () => {
  const { id, attemptId } = await asked();
  for (let made = 0; made < 3; made++)
    await fixture.context.provider.createPayment(JSON.stringify(collectBody(`other-${attemptId}-${made}`)));
  // Each turn is over after its first page.
  const timings = { ...fixture.context.timings, scanTurnMs: 0, scanRowsMax: 1 };
  timings.absence = { ...timings.absence, unknownMsMax: 0 };
  const other = fixture.another('other');
  await executeCommand({ ...fixture.context, timings }, id);
  expect(await scanOf(attemptId)).toMatchObject({ counts: false });
  expect((await scanOf(attemptId))?.rows).toBeGreaterThan(1);
  for (let turn = 0; turn < 5; turn++) await executeCommand({ ...other.context, timings }, id);
  await other.close();
  expect(await scanOf(attemptId)).toMatchObject({ counts: true });
});

test('is not begun for a command that nobody asked about', async () => {
  const { id, attemptId } = await asked();
  await fixture.pool.query('delete from scan_requests where attempt_id = $1', [attemptId]);
  await executeCommand(fixture.context, id);
  const { rows } = await fixture.pool.query('select from scan_lanes');
  expect(rows).toEqual([]);
});

test('what waits behind a create that was ruled out ends without a call, whatever shows up under its name', async () => {
  const { id, paymentKey, attemptId, externalId } = await asked();
  const late = await fixture.context.provider.createPayment(JSON.stringify(collectBody(externalId)));
  await fixture.pool.query(`update attempts set resolution = 'ruled_out' where id = $1`, [attemptId]);
  await fixture.pool.query(
    `update commands set status = 'rejected', finished_at = capstan_now(), problem = '{"code":"not_made","detail":"x"}' where id = $1`,
    [id],
  );
  const capture = await insertLater(fixture.pool, paymentKey, 'capture');
  expect(await runToItsEnd(fixture, capture)).toMatchObject({
    status: 'rejected',
    problem: { code: 'predecessor_failed' },
  });
  const twin = late.ok ? await fixture.context.provider.readPayment(late.value.id) : late;
  expect(twin).toMatchObject({ value: { status: 'CREATED' } });
});
