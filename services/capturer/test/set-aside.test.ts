/** Scenario: every turn of a command fails by itself. Goal: it is parked, nothing is sent twice, and a redrive goes on by reading. */
import { findCommand } from '@capstan/shared/db/commands';
import { TRIES_MAX } from '@capstan/shared/db/item-faults';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import { tryCommand } from '../src/try-command.ts';
import {
  type CapturerFixture,
  insertCreate,
  openCapturerFixture,
  redrive,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

/** As a worker runs its job, with a provider that breaks what uses it once the payment is captured. */
const run = (id: string, over: Partial<CapturerContext['provider']>) =>
  tryCommand(fixture.context, id, () =>
    executeCommand({ ...fixture.context, provider: { ...fixture.context.provider, ...over } }, id),
  );

/** As a worker runs its job while others wait for the rate, or with a gate that breaks what asks it. */
const runAtGate = (id: string, admitWrite: CapturerContext['gate']['admitWrite']) =>
  tryCommand(fixture.context, id, () =>
    executeCommand({ ...fixture.context, gate: { ...fixture.context.gate, admitWrite } }, id),
  );
const waits = async () => ({ admitted: false, waitsFor: 'rate', waitMs: 3_600_000 }) as const;
const throws = () => Promise.reject(new TypeError('something nobody thought of'));

const readRow = async (id: string) =>
  (
    await fixture.pool.query(
      `select status, tries, extract(epoch from due_at - capstan_now())::float8 as "dueS", problem->>'code' as code
       from commands where id = $1`,
      [id],
    )
  ).rows[0];

const comeDue = (id: string) =>
  fixture.pool.query(
    `update commands set due_at = capstan_now(), claimed_until = case when claimed_until is not null then capstan_now() end where id = $1`,
    [id],
  );

test('a command whose turns throw is parked after five, and a redrive finds its effect without sending again', async () => {
  const { id, externalId } = await insertCreate(fixture.pool);
  const { capturePayment } = fixture.context.provider;
  let sent = 0;
  const broken = {
    capturePayment: async (...call: Parameters<typeof capturePayment>) => {
      sent += 1;
      await capturePayment(...call);
      throw new TypeError('something nobody thought of');
    },
    readPayment: async () => {
      throw new TypeError('something nobody thought of');
    },
  };
  for (const [tries, minutes] of [1, 2, 4, 8, 16].entries()) {
    await run(id, broken);
    expect(await readRow(id)).toMatchObject({
      tries: tries + 1,
      status: expect.stringMatching(/executing|unresolved/),
    });
    expect((await readRow(id)).dueS).toBeCloseTo(60 * minutes, -1);
    await comeDue(id);
  }
  await run(id, broken);
  expect(await readRow(id)).toMatchObject({ status: 'parked', code: 'unreadable', tries: 0 });
  expect(sent).toBe(1);

  await redrive(fixture, id);
  expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
  const { payments } = await fixture.control('ledger');
  const ours = (payments as { externalId: string }[]).filter((payment) => payment.externalId === externalId);
  expect(ours).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
});

test('a turn that fails is due again no later than notAfter, and one that goes well begins the count anew', async () => {
  const notAfter = new Date(Date.now() + 45_000).toISOString();
  const { id } = await insertCreate(fixture.pool, { notAfter });
  await run(id, { createPayment: throws });
  expect((await readRow(id)).dueS).toBeLessThanOrEqual(45);
  await fixture.pool.query('update commands set tries = $2 where id = $1', [id, TRIES_MAX - 1]);
  await comeDue(id);

  await run(id, {});
  expect(await readRow(id)).toMatchObject({ tries: 0 });
  expect((await findCommand(fixture.pool, id))?.problem).toBeNull();
});

test('a command that throws at every other turn and only waits in between is parked as well', async () => {
  const { id } = await insertCreate(fixture.pool);
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    await runAtGate(id, throws);
    await comeDue(id);
    if (tries === TRIES_MAX) break;
    await runAtGate(id, waits);
    expect(await readRow(id)).toMatchObject({ tries, status: 'executing' });
    await comeDue(id);
  }
  await runAtGate(id, waits);
  expect(await readRow(id)).toMatchObject({ status: 'parked', code: 'unreadable' });
});

test('a command that failed before and waits ends at its notAfter instant all the same', async () => {
  const notAfter = new Date(Date.now() + 45_000).toISOString();
  const { id } = await insertCreate(fixture.pool, { notAfter });
  await runAtGate(id, throws);
  await comeDue(id);
  await runAtGate(id, waits);
  expect((await readRow(id)).dueS).toBeLessThanOrEqual(45);
});

test('a step that is done, or an answered look for one whose outcome is unknown, begins the count anew', async () => {
  const { id } = await insertCreate(fixture.pool);
  await fixture.pool.query('update commands set tries = 1 where id = $1', [id]);
  const isLost = async () =>
    ({ ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } }) as const;
  await run(id, { capturePayment: isLost, readPayment: throws });
  expect(await readRow(id)).toMatchObject({ status: 'unresolved', tries: 1 });
  await comeDue(id);
  await run(id, { readPayment: isLost });
  expect(await readRow(id)).toMatchObject({ status: 'unresolved', tries: 1 });
  await comeDue(id);
  await run(id, {});
  expect(await readRow(id)).toMatchObject({ status: 'unresolved', tries: 0 });
});
