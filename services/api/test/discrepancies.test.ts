/** Discrepancies as operators see and end them. The provider answers each read as a test says. */
import { openDiscrepancy } from '@capstan/shared/db/discrepancies';
import type { DiscrepancyKind } from '@capstan/shared/domain/discrepancies';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ANSWER_SCHEMAS } from '../src/reference/answer-schemas.ts';
import {
  type ApiFixture,
  createCommand,
  get,
  openApi,
  postCommand,
  providerWith,
  SECRETS,
  send,
} from './api-fixture.ts';

let api: ApiFixture;
/** What the next reads answer. */
let told: ProviderResult<ObservedPayment>;
/** Happens between the word of Conomy and its recording. */
let meanwhile: () => Promise<unknown>;
let key: string;

beforeEach(async () => {
  meanwhile = async () => {};
  const readPayment = async () => {
    await meanwhile();
    return told;
  };
  api = await openApi({ provider: providerWith({ readPayment }) });
  const { body } = await postCommand(api.app, createCommand({ externalId: 'order-1' }), 'key-1');
  key = body.command.payment.key;
  await mirror('CAPTURED');
});
afterEach(() => api.close());

/** Puts the mirror into a state as a read would have. */
async function mirror(status: string): Promise<void> {
  await api.pool.query(
    `update payments set conomy_id = 'conomy-1', status = $2, version = 1, cause = 'read' where key = $1`,
    [key, status],
  );
}

function tell(status: string, more: Record<string, unknown> = {}): void {
  const raw = { id: 'conomy-1', status, ...more };
  told = { ok: true, value: { id: 'conomy-1', status, raw } };
}

const refresh = () =>
  send(api.app, {
    method: 'POST',
    url: `/v1/payments/${key}/refresh`,
    headers: { authorization: `Bearer ${SECRETS.all}` },
  });

function resolve(id: string, body: object, secret: string = SECRETS.all) {
  return send(api.app, {
    method: 'POST',
    url: `/v1/discrepancies/${id}/resolve`,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
}

async function listed(query = '') {
  const { status, body } = await get(api.app, `/v1/discrepancies${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  ANSWER_SCHEMAS.DiscrepancyList.parse(body);
  return body.discrepancies;
}

const payment = async () => (await get(api.app, `/v1/payments/${key}`)).body.payment;
const reason = 'Conomy confirmed it (ticket 4712)';

async function contradicted(): Promise<string> {
  await mirror('SETTLED');
  tell('FAILED');
  await refresh();
  const [found] = await listed();
  return found.id;
}

/** As a comparison opens it. */
async function opened(kind: DiscrepancyKind, provider: object, more: object = {}): Promise<string> {
  const side = { value: { ...provider }, readAt: new Date() };
  const found = { kind, paymentKey: key, conomyId: 'conomy-1', mirror: side, provider: side, cause: 'found' };
  return (await openDiscrepancy(api.pool, { ...found, ...more })).id;
}

test('one is shown with both sides, when each was read, its age and where it stands', async () => {
  const id = await contradicted();
  const found = await listed(`?status=open&kind=final_contradicted&payment=${key}`);
  expect(found).toEqual([
    {
      id,
      kind: 'final_contradicted',
      status: 'open',
      paymentKey: key,
      paymentId: 'conomy-1',
      mirror: { value: expect.objectContaining({ status: 'SETTLED' }), readAt: expect.any(String) },
      provider: { value: expect.objectContaining({ status: 'FAILED' }), readAt: expect.any(String) },
      cause: expect.stringContaining('final'),
      openedAt: expect.any(String),
      seenAt: expect.any(String),
      timesSeen: 1,
      ageSeconds: expect.any(Number),
    },
  ]);
  expect(await listed('?status=repaired')).toEqual([]);
  expect(await listed('?payment=conomy-1')).toHaveLength(1);
  const { body } = await get(api.app, `/v1/payments/${key}/timeline`);
  ANSWER_SCHEMAS.Timeline.parse(body);
  expect(body.entries.at(-1)).toMatchObject({ kind: 'discrepancy', what: 'final_contradicted', id });
});

describe('a contradicted final state', () => {
  test('is repaired by taking what a new read tells, with who and why', async () => {
    const id = await contradicted();
    const { status, body } = await resolve(id, { action: 'repair', reason });
    expect({ status, ...body }).toMatchObject({
      status: 200,
      discrepancy: { id, status: 'repaired', endedBy: 'all', reason },
    });
    expect(await payment()).toMatchObject({ status: 'FAILED', mirror: { cause: 'operator', final: true } });
    const events = await get(api.app, '/v1/events');
    expect(events.body.events.at(-1)).toMatchObject({ payment: { status: 'FAILED', final: true } });
  });

  test('is not repaired with what a move of the mirror overtook: the newer word stays', async () => {
    const id = await contradicted();
    meanwhile = () =>
      api.pool.query(
        `update payments set status = 'UNSETTLED', cause = 'operator', version = version + 1 where key = $1`,
        [key],
      );
    expect(await resolve(id, { action: 'repair', reason })).toMatchObject({
      status: 409,
      body: { code: 'not_resolvable', detail: expect.stringContaining('newer') },
    });
    expect(await payment()).toMatchObject({ status: 'UNSETTLED', mirror: { version: 2 } });
    expect(await listed('?status=open')).toHaveLength(1);
  });

  test('is explained when the new read agrees with the mirror after all', async () => {
    const id = await contradicted();
    tell('SETTLED');
    const { body } = await resolve(id, { action: 'repair', reason });
    expect(body.discrepancy).toMatchObject({ status: 'explained', reason });
    expect(await payment()).toMatchObject({ status: 'SETTLED', mirror: { cause: 'read' } });
  });

  test('stays open when Conomy cannot be read', async () => {
    const id = await contradicted();
    told = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };
    expect(await resolve(id, { action: 'repair', reason })).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
    expect(await listed('?status=open')).toHaveLength(1);
    expect(await payment()).toMatchObject({ status: 'SETTLED' });
  });

  test.each([
    ['accept', 'accepted'],
    ['explain', 'explained'],
  ])('is ended by %s without a read, and the payment stays', async (action, status) => {
    const id = await contradicted();
    told = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };
    const { body } = await resolve(id, { action, reason });
    expect(body.discrepancy).toMatchObject({ status, endedBy: 'all', reason });
    expect(await payment()).toMatchObject({ status: 'SETTLED' });
    expect(await resolve(id, { action, reason })).toMatchObject({
      status: 409,
      body: { code: 'not_resolvable', detail: `It is ${status} already.` },
    });
  });

  test('found again after its end is a new one', async () => {
    const id = await contradicted();
    await resolve(id, { action: 'accept', reason });
    await refresh();
    const found = await listed('?status=open');
    expect(found).toHaveLength(1);
    expect(found[0].id).not.toBe(id);
  });
});

test('what a new read cannot settle stays open, and what it settles is explained', async () => {
  tell('ON_HOLD');
  await refresh();
  const [{ id }] = await listed('?kind=unknown_status');
  expect(await resolve(id, { action: 'repair', reason })).toMatchObject({
    status: 409,
    body: { code: 'not_resolvable' },
  });
  tell('RECEIVED');
  const { body } = await resolve(id, { action: 'repair', reason });
  expect(body.discrepancy).toMatchObject({ status: 'explained', endedBy: 'capstan' });
});

test('a status that only the list told is repaired when a read agrees with the list', async () => {
  const id = await opened('status_differs', { status: 'RECEIVED' });
  tell('CAPTURED');
  expect((await resolve(id, { action: 'repair', reason })).status).toBe(409);
  tell('RECEIVED');
  const { body } = await resolve(id, { action: 'repair', reason });
  expect(body.discrepancy).toMatchObject({ status: 'repaired', endedBy: 'all' });
});

test('a payment nobody mirrors is mirrored from its repair on', async () => {
  const id = await opened('missing_here', { status: 'SETTLED' }, { paymentKey: null, conomyId: 'elsewhere' });
  const raw = { id: 'elsewhere', status: 'SETTLED', externalId: 'made-by-hand', totalAmount: '5.00' };
  told = { ok: true, value: { id: 'elsewhere', status: 'SETTLED', externalId: 'made-by-hand', raw } };
  const { body } = await resolve(id, { action: 'repair', reason });
  expect(body.discrepancy).toMatchObject({ status: 'repaired' });
  const adopted = (await get(api.app, '/v1/payments/elsewhere')).body.payment;
  expect(adopted).toMatchObject({ externalId: 'made-by-hand', status: 'SETTLED', totalAmount: '5.00' });
});

test('a payment that somebody mirrors while it is read keeps what that one learned', async () => {
  const id = await opened('missing_here', { status: 'CREATED' }, { paymentKey: null, conomyId: 'elsewhere' });
  told = { ok: true, value: { id: 'elsewhere', status: 'CAPTURED', raw: { id: 'elsewhere' } } };
  meanwhile = () =>
    api.pool.query(
      `insert into payments (key, conomy_id, status, version, cause)
       values (gen_random_uuid(), 'elsewhere', 'REQUIRES_REVIEW', 2, 'read')`,
    );
  expect((await resolve(id, { action: 'repair', reason })).status).toBe(200);
  const { payment: adopted } = (await get(api.app, '/v1/payments/elsewhere')).body;
  expect(adopted).toMatchObject({ status: 'REQUIRES_REVIEW', mirror: { version: 2 } });
});

test('a payment whose externalId is taken here is mirrored without it', async () => {
  const id = await opened('missing_here', { status: 'CREATED' }, { paymentKey: null, conomyId: 'elsewhere' });
  told = {
    ok: true,
    value: { id: 'elsewhere', status: 'CREATED', externalId: 'order-1', raw: { id: 'elsewhere' } },
  };
  expect((await resolve(id, { action: 'repair', reason })).status).toBe(200);
  const { rows } = await api.pool.query(`select external_id from payments where conomy_id = 'elsewhere'`);
  expect(rows).toEqual([{ external_id: null }]);
});

test('a kind that Capstan cannot repair is accepted or explained', async () => {
  const id = await opened('twin', { status: 'CREATED' }, { conomyId: 'conomy-2' });
  expect(await resolve(id, { action: 'repair', reason })).toMatchObject({
    status: 409,
    body: { code: 'not_resolvable' },
  });
  expect((await resolve(id, { action: 'accept', reason })).body.discrepancy.status).toBe('accepted');
});

describe('an amount that differs', () => {
  /** The capture of the create is parked, held back before it left. */
  async function parked(code: string): Promise<string> {
    const { rows } = await api.pool.query(
      `update commands set status = 'parked', steps_done = 1, offer_at = null, problem = jsonb_build_object('code', $2::text)
       where payment_key = $1 returning id`,
      [key, code],
    );
    return rows[0].id;
  }
  const command = async (id: string) => (await get(api.app, `/v1/commands/${id}`)).body.command;
  const total = { totalAmount: '29000.00', currency: 'COP' };

  test.each(['accept', 'explain'])(
    'lets the command go on that it held when it ends with %s',
    async (action) => {
      const id = await parked('amount_differs');
      const found = await opened('amount_differs', total);
      expect(await resolve(found, { action, reason })).toMatchObject({ status: 200 });
      expect(await command(id)).toMatchObject({ status: 'executing' });
      const { rows } = await api.pool.query(
        'select r.redriven_by, r.reason, c.offer_at <= capstan_now() as due from command_redrives r join commands c on c.id = r.command_id',
      );
      expect(rows).toEqual([{ redriven_by: 'all', reason, due: true }]);
    },
  );

  test('lets nothing go that is parked for another reason, nor by another discrepancy', async () => {
    const id = await parked('payment_unclear');
    await resolve(await opened('amount_differs', total), { action: 'accept', reason });
    expect(await command(id)).toMatchObject({ status: 'parked' });
    await parked('amount_differs');
    await resolve(await opened('twin', {}), { action: 'accept', reason });
    expect(await command(id)).toMatchObject({ status: 'parked' });
  });

  test('lets no step go that has left: what became of it is not known', async () => {
    const id = await parked('amount_differs');
    await api.pool.query(
      `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, finished_at, outcome, resolution, resolved_at)
       values ($1, $2, 1, 'capture', 1, 1, 'test', capstan_now(), capstan_now(), 'unknown', 'parked', capstan_now())`,
      [id, key],
    );
    await resolve(await opened('amount_differs', total), { action: 'accept', reason });
    expect(await command(id)).toMatchObject({ status: 'parked' });
  });

  test('that was accepted is not opened again by a read of the same, but by one of another', async () => {
    tell('CAPTURED', { totalAmount: '29000.00', currency: 'COP' });
    if (told.ok) told.value = { ...told.value, totalAmount: '29000.00', currency: 'COP' };
    await refresh();
    const [found] = await listed('?status=open');
    expect(found).toMatchObject({ kind: 'amount_differs', provider: { value: total } });
    await resolve(found.id, { action: 'accept', reason });
    await refresh();
    expect(await listed('?status=open')).toEqual([]);
    if (told.ok) told.value = { ...told.value, totalAmount: '28000.00' };
    await refresh();
    expect(await listed('?status=open')).toHaveLength(1);
  });
});

test.each([
  [{ action: 'repair' }, '/reason'],
  [{ action: 'ignore', reason }, '/action'],
  [{ action: 'accept', reason, by: 'me' }, '/by'],
])('%j is refused', async (body, path) => {
  const id = await contradicted();
  const answer = await resolve(id, body);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ path }] } });
});

test.each(['payment=%00', 'payment=%20', 'payment=', 'status=closed', 'limit=0'])(
  'a list with ?%s is refused by name',
  async (query) => {
    const { status, body } = await get(api.app, `/v1/discrepancies?${query}`);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { errors: [{ path: `/${query.split('=')[0]}` }] },
    });
  },
);

test('a key that may not operate ends nothing', async () => {
  expect((await resolve(await contradicted(), { action: 'accept', reason }, SECRETS.read)).status).toBe(403);
});
