/** Operators hold new writes back, by scope, and let them go again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type ApiFixture,
  createCommand,
  get,
  openApi,
  postCommand,
  SECRETS,
  send,
} from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const call = (
  method: 'POST' | 'DELETE',
  path: string,
  payload?: object,
  secret = SECRETS.all,
): Promise<Answer> =>
  send(api.app, {
    method,
    url: `/v1/pauses${path}`,
    headers: { authorization: `Bearer ${secret}` },
    ...(payload === undefined ? {} : { payload }),
  });
const reason = 'Conomy maintenance';

describe('POST /v1/pauses', () => {
  test.each([
    [{ kind: 'all' }],
    [{ kind: 'operation', value: 'capture' }],
    [{ kind: 'type', value: 'payment.refund' }],
    [{ kind: 'type', value: 'COLLECT' }],
  ])('sets a pause of %j', async (scope) => {
    const { status, body } = await call('POST', '', { scope, reason });
    expect(status).toBe(201);
    expect(body.pause).toMatchObject({ scope, reason, cause: 'operator', pausedBy: 'all' });
    expect(body.pause.liftedAt).toBeUndefined();
  });

  test('names a payment by our key, also when it was sent by its Conomy id', async () => {
    const accepted = await postCommand(api.app, createCommand({ externalId: 'paused-1' }), 'paused-1');
    const { key } = accepted.body.command.payment;
    await api.pool.query(`update payments set conomy_id = 'conomy-paused-1' where key = $1`, [key]);
    for (const value of [key, 'conomy-paused-1']) {
      const { status, body } = await call('POST', '', { scope: { kind: 'payment', value }, reason });
      expect(status).toBe(201);
      expect(body.pause.scope).toEqual({ kind: 'payment', value: key });
    }
  });

  test.each([
    ['a payment that is not known', { kind: 'payment', value: 'nobody' }, 404, 'payment_not_found'],
    ['an operation that does not exist', { kind: 'operation', value: 'payout' }, 400, 'validation_failed'],
    ['a scope without its value', { kind: 'type' }, 400, 'validation_failed'],
    ['a value where there is nothing to name', { kind: 'all', value: 'x' }, 400, 'validation_failed'],
    ['an unknown kind', { kind: 'account', value: 'x' }, 400, 'validation_failed'],
  ])('refuses %s', async (_what, scope, status, code) => {
    expect(await call('POST', '', { scope, reason })).toMatchObject({ status, body: { code } });
  });

  test('refuses a pause without a reason', async () => {
    const answer = await call('POST', '', { scope: { kind: 'all' } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: '/reason' }] } });
  });

  test('needs the scope operate', async () => {
    expect(await call('POST', '', { scope: { kind: 'all' }, reason }, SECRETS.enqueue)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });
});

describe('GET and DELETE /v1/pauses', () => {
  test('lists pauses in force by pages, oldest first, and no longer those that were lifted', async () => {
    await api.pool.query(
      `update pauses set lifted_at = capstan_now(), lifted_by = 'test' where lifted_at is null`,
    );
    const ids: string[] = [];
    for (let nth = 0; nth < 3; nth++)
      ids.push((await call('POST', '', { scope: { kind: 'all' }, reason })).body.pause.id);
    const first = await get(api.app, '/v1/pauses?limit=2');
    const second = await get(api.app, `/v1/pauses?limit=2&cursor=${first.body.next}`);
    const listed = [...first.body.pauses, ...second.body.pauses].map(({ id }: { id: string }) => id);
    expect(listed).toEqual(ids);
    expect(second.body.next).toBeNull();
    const lifted = await call('DELETE', `/${ids[1]}`);
    expect(lifted).toMatchObject({ status: 200, body: { pause: { id: ids[1], liftedBy: 'all' } } });
    expect((await get(api.app, '/v1/pauses')).body.pauses).toHaveLength(2);
    expect(await call('DELETE', `/${ids[1]}`)).toMatchObject({
      status: 404,
      body: { code: 'pause_not_found' },
    });
  });

  test('a lifted pause makes what waited for it due at once, and the command had said why it waited', async () => {
    await api.pool.query(
      `update pauses set lifted_at = capstan_now(), lifted_by = 'test' where lifted_at is null`,
    );
    const { body } = await call('POST', '', { scope: { kind: 'all' }, reason });
    const { id } = (await postCommand(api.app, createCommand({ externalId: 'paused-2' }), 'paused-2')).body
      .command;
    await api.pool.query(
      `update commands set status = 'executing', waits_for = 'pause', due_at = capstan_now() + interval '10 minutes',
         offer_at = capstan_now() + interval '10 minutes' where id = $1`,
      [id],
    );
    expect((await get(api.app, `/v1/commands/${id}`)).body.command).toMatchObject({ waitsFor: 'pause' });
    await call('DELETE', `/${body.pause.id}`);
    const { rows } = await api.pool.query(
      'select due_at <= capstan_now() and offer_at <= capstan_now() as due from commands where id = $1',
      [id],
    );
    expect(rows).toEqual([{ due: true }]);
  });
});
