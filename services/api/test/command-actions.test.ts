/** Canceling and redriving: allowed exactly where nothing can be under way, and recorded. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type ApiFixture,
  captureOf,
  createCommand,
  get,
  openApi,
  postCommand,
  SECRETS,
  send,
} from './api-fixture.ts';

let api: ApiFixture;
let count = 0;

beforeAll(async () => {
  api = await openApi();
});

afterAll(() => api.close());

function act(id: string, action: string, payload?: unknown, secret = SECRETS.all): Promise<Answer> {
  return send(api.app, {
    method: 'POST',
    url: `/v1/commands/${id}/${action}`,
    headers: { authorization: `Bearer ${secret}` },
    ...(payload === undefined ? {} : { payload: payload as object }),
  });
}

interface Accepted {
  id: string;
  key: string;
  externalId: string;
}

async function accept(): Promise<Accepted> {
  count += 1;
  const externalId = `order-${count}`;
  const { body } = await postCommand(api.app, createCommand({ externalId }), `create-${count}`);
  return { id: body.command.id, key: body.command.payment.key, externalId };
}

async function acceptCapture({ externalId }: Accepted): Promise<string> {
  count += 1;
  return (await postCommand(api.app, captureOf({ externalId }), `capture-${count}`)).body.command.id;
}

const set = (id: string, change: string) =>
  api.pool.query(`update commands set ${change} where id = $1`, [id]);

/** What a capturer leaves behind after a call of the current step. */
async function attempt(
  { id, key }: Accepted,
  outcome: string | null,
  resolution: string | null = null,
  failure: object | null = null,
) {
  await set(id, `status = 'executing', claim_epoch = 1`);
  await api.pool.query(
    `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at,
       failure, outcome, finished_at, resolution, resolved_at)
     select $1, $2, steps_done, steps[steps_done + 1],
       (select count(*) + 1 from attempts a where a.command_id = commands.id and a.step = steps_done), 1, 'w', capstan_now(), $5,
       $3, case when $3::text is null then null else capstan_now() end,
       $4, case when $4::text is null then null else capstan_now() end
     from commands where id = $1`,
    [id, key, outcome, resolution, failure],
  );
}

const park = (id: string) =>
  set(
    id,
    `status = 'parked', offer_at = null, claimed_until = null, problem = '{"code":"payment_unclear","detail":"x"}'`,
  );

async function statusOf(id: string): Promise<string> {
  return (await get(api.app, `/v1/commands/${id}`)).body.command.status;
}

describe('cancel', () => {
  test('ends a command that nobody has begun, says who and why, and frees its externalId', async () => {
    const command = await accept();
    const behind = await acceptCapture(command);
    const { status, body } = await act(command.id, 'cancel', { reason: 'ordered twice' });

    expect(status).toBe(200);
    expect(body.command).toMatchObject({
      status: 'canceled',
      problem: { code: 'canceled_by_caller', detail: expect.stringMatching(/"all".*ordered twice/) },
      steps: [{ status: 'canceled' }, { status: 'skipped' }],
      finishedAt: expect.any(String),
    });
    expect((await get(api.app, `/v1/commands/${behind}`)).body.command).toMatchObject({
      status: 'rejected',
      problem: { code: 'predecessor_failed' },
    });
    const again = await postCommand(
      api.app,
      createCommand({ externalId: command.externalId }),
      `again-${count}`,
    );
    expect(again.status).toBe(202);
  });

  test('needs no body, and repeated answers the same', async () => {
    const { id } = await accept();
    const first = await act(id, 'cancel');
    const second = await act(id, 'cancel', { reason: 'late thought' });

    expect(first).toMatchObject({ status: 200, body: { command: { status: 'canceled' } } });
    expect(second.body).toEqual(first.body);
  });

  test('takes a blocked command out of the line and leaves the one at work alone', async () => {
    const command = await accept();
    const [second, third] = [await acceptCapture(command), await acceptCapture(command)];
    expect(await act(second, 'cancel')).toMatchObject({ status: 200 });

    expect(await Promise.all([command.id, second, third].map(statusOf))).toEqual([
      'accepted',
      'canceled',
      'blocked',
    ]);
  });

  test('between two steps keeps what is done, drops what is not, and lets the next command run', async () => {
    const command = await accept();
    const next = await acceptCapture(command);
    await set(command.id, `status = 'executing', steps_done = 1, claim_epoch = 3`);
    const offered = api.commands.offers.length;
    const { body } = await act(command.id, 'cancel');

    expect(body.command).toMatchObject({
      status: 'canceled',
      steps: [{ operation: 'create' }, { operation: 'capture', status: 'canceled' }],
    });
    expect(await statusOf(next)).toBe('accepted');
    expect(api.commands.offers.slice(offered).map(({ data }) => data.commandId)).toEqual([next]);
    const taken = await postCommand(
      api.app,
      createCommand({ externalId: command.externalId }),
      `taken-${count}`,
    );
    expect(taken.body.code).toBe('external_id_taken');
  });

  const notSent = { stage: 'not_sent', reason: 'refused' };
  const tooMany = { stage: 'answered', reason: 'http_429', httpStatus: 429 };
  const heldByReview = { stage: 'no_clear_answer', reason: 'answered_REQUIRES_REVIEW', httpStatus: 200 };

  test('is possible while no byte of any call left', async () => {
    const command = await accept();
    await attempt(command, 'retryable', null, notSent);
    await attempt(command, 'retryable', null, notSent);
    expect(await act(command.id, 'cancel')).toMatchObject({ status: 200 });
  });

  test.each([
    ['was put off by Conomy', 'retryable', null, tooMany],
    ['was read and found to be without effect', 'unknown', 'retryable', null],
  ])('is possible of a parked command only, once a call %s', async (_what, outcome, resolution, failure) => {
    const command = await accept();
    await attempt(command, outcome, resolution, failure);
    await attempt(command, 'retryable', null, notSent);
    expect(await act(command.id, 'cancel')).toMatchObject({ status: 409, body: { code: 'not_cancelable' } });
    await park(command.id);
    expect(await act(command.id, 'cancel')).toMatchObject({ status: 200 });
  });

  test('is refused while a review holds the step, which may let it through', async () => {
    const command = await accept();
    await set(command.id, 'steps_done = 1');
    await attempt(command, 'unknown', null, heldByReview);
    expect(await act(command.id, 'cancel')).toMatchObject({ status: 409, body: { code: 'not_cancelable' } });
    await park(command.id);
    expect(await act(command.id, 'cancel')).toMatchObject({ status: 409, body: { code: 'not_cancelable' } });
    expect(await statusOf(command.id)).toBe('parked');
  });

  test.each([
    ['is under way', null, null],
    ['has no known outcome', 'unknown', null],
    ['was parked without an answer', 'unknown', 'parked'],
  ])('is refused while the last call %s', async (_what, outcome, resolution) => {
    const command = await accept();
    await attempt(command, outcome, resolution);
    if (resolution === 'parked') await park(command.id);
    expect(await act(command.id, 'cancel')).toMatchObject({
      status: 409,
      body: { code: 'not_cancelable', detail: expect.stringMatching(/step create may have had its effect/) },
    });
    expect(await statusOf(command.id)).not.toBe('canceled');
  });

  test('is refused while a worker holds the command, and possible once its claim has run out', async () => {
    const { id } = await accept();
    await set(
      id,
      `status = 'executing', claim_epoch = 1, claimed_until = capstan_now() + interval '1 minute'`,
    );
    expect(await act(id, 'cancel')).toMatchObject({ status: 409, body: { code: 'not_cancelable' } });
    await set(id, `claimed_until = capstan_now() - interval '1 second'`);
    expect(await act(id, 'cancel')).toMatchObject({ status: 200 });
    const { rows } = await api.pool.query('select claim_epoch, offer_at from commands where id = $1', [id]);
    // The worker that slept past its claim is fenced off.
    expect(rows).toEqual([{ claim_epoch: 2, offer_at: null }]);
  });

  test('is refused after the end', async () => {
    const { id } = await accept();
    await set(id, `status = 'succeeded', steps_done = 2, offer_at = null, finished_at = capstan_now()`);
    expect(await act(id, 'cancel')).toMatchObject({
      status: 409,
      body: { code: 'not_cancelable', detail: expect.stringContaining('ended as succeeded') },
    });
  });

  test('of a refund gives its reservation back', async () => {
    const { key } = await accept();
    await api.pool.query(`update commands set status = 'canceled', problem = '{}', finished_at = capstan_now(),
      offer_at = null where payment_key = '${key}'`);
    await api.pool.query(
      `update payments set conomy_id = 'refundable', refundable_minor = 100, refund_reserved_minor = 60 where key = $1`,
      [key],
    );
    const refund = {
      type: 'payment.refund',
      payment: { id: 'refundable' },
      amount: '0.60',
      currency: 'COP',
    };
    const { body } = await postCommand(api.app, refund, `refund-${count}`);
    await act(body.command.id, 'cancel');
    const { rows } = await api.pool.query('select refund_reserved_minor from payments where key = $1', [key]);
    expect(Number(rows[0].refund_reserved_minor)).toBe(0);
  });
});

describe('redrive', () => {
  test('puts a parked command back, records who and why, and offers its job', async () => {
    const command = await accept();
    await attempt(command, 'unknown', 'parked');
    await park(command.id);
    const { status, body } = await act(command.id, 'redrive', { reason: 'Conomy confirmed' });

    expect(status).toBe(200);
    expect(body.command).toMatchObject({ status: 'executing', id: command.id });
    expect(body.command.problem).toBeUndefined();
    expect(api.commands.offers.at(-1)).toMatchObject({ data: { commandId: command.id, epoch: 1 } });
    const { rows } = await api.pool.query(
      `select redriven_by, reason, problem->>'code' as code from command_redrives where command_id = $1`,
      [command.id],
    );
    expect(rows).toEqual([{ redriven_by: 'all', reason: 'Conomy confirmed', code: 'payment_unclear' }]);
    const timeline = await get(api.app, `/v1/payments/${command.key}/timeline`);
    expect(timeline.body.entries.at(-1)).toMatchObject({
      kind: 'redrive',
      redrivenBy: 'all',
      reason: 'Conomy confirmed',
      problem: { code: 'payment_unclear' },
    });
  });

  test('of a command that is not parked is refused and writes nothing', async () => {
    const { id } = await accept();
    expect(await act(id, 'redrive', { reason: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'not_parked', detail: expect.stringContaining('accepted') },
    });
    const { rows } = await api.pool.query('select 1 from command_redrives where command_id = $1', [id]);
    expect(rows).toEqual([]);
  });

  test.each([
    ['no body', undefined, ''],
    ['no reason', {}, '/reason'],
    ['an empty reason', { reason: '' }, '/reason'],
    ['a reason without end', { reason: 'x'.repeat(501) }, '/reason'],
    ['a field that does not belong', { reason: 'x', force: true }, '/force'],
  ])('is refused with %s', async (_what, payload, path) => {
    const { id } = await accept();
    expect(await act(id, 'redrive', payload)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path }] },
    });
  });
});

test.each(['cancel', 'redrive'])('%s of an unknown command is 404', async (action) => {
  for (const id of ['0199a000-0000-7000-8000-000000000000', 'not-a-uuid'])
    expect(await act(id, action, { reason: 'x' })).toMatchObject({
      status: 404,
      body: { code: 'command_not_found' },
    });
});

test('reading keys do neither, and redrive needs the scope operate', async () => {
  const { id } = await accept();
  expect(await act(id, 'cancel', {}, SECRETS.read)).toMatchObject({ status: 403 });
  expect(await act(id, 'redrive', { reason: 'x' }, SECRETS.enqueue)).toMatchObject({ status: 403 });
});
