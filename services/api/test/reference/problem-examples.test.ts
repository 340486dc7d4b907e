/** Every problem of the reference, brought about at a real api. */
import { createHmac } from 'node:crypto';
import { openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { openPool } from '@capstan/shared/db/pool';
import { PROBLEMS, type ProblemCode } from '@capstan/shared/domain/request-problems';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATIONS } from '../../src/reference/operations.ts';
import {
  type Answer,
  type ApiFixture,
  captureOf,
  createCommand,
  get,
  openApi,
  postBatch,
  postCommand,
  providerWith,
  SECRETS,
  send,
  WEBHOOK_SECRET,
} from '../api-fixture.ts';

let api: ApiFixture;
let cut: ApiFixture;
let id: string;
let key: string;

beforeAll(async () => {
  const failing = providerWith({
    readAvailableProducts: async () => ({
      ok: false,
      failure: { stage: 'answered', reason: 'http_404', httpStatus: 404 },
    }),
    readPayment: async (told) => {
      const status = { captured: 'CAPTURED', created: 'CREATED', unlike: 'CREATED' }[told];
      if (status === undefined)
        return { ok: false, failure: { stage: 'not_sent', reason: 'connect_refused' } };
      const accountNumber = told === 'unlike' ? 'of-somebody-else' : undefined;
      return { ok: true, value: { id: told, status, accountNumber, raw: {} } };
    },
  });
  api = await openApi({ provider: failing });
  const log = createLogger('test', 'silent');
  const nowhere = openPool({ url: 'postgres://capstan@127.0.0.1:1/none', name: 'none', max: 1, log });
  cut = await openApi({ pool: nowhere });
  const { body } = await postCommand(api.app, createCommand({ externalId: 'taken' }), 'key-1');
  id = body.command.id;
  key = body.command.payment.key;
});

afterAll(async () => {
  await api.close();
  await cut.close();
});

function post(url: string, body: unknown, over: Record<string, string> = {}, fixture = api): Promise<Answer> {
  return send(fixture.app, {
    method: 'POST',
    url,
    headers: { authorization: `Bearer ${SECRETS.all}`, 'content-type': 'application/json', ...over },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function lift(fixture: ApiFixture): Promise<Answer> {
  const headers = { authorization: `Bearer ${SECRETS.all}` };
  return send(fixture.app, { method: 'DELETE', url: `/v1/pauses/${unknown}`, headers });
}

const tooLong = (bytes: number) => `"${'x'.repeat(bytes)}"`;
const unknown = '0199a000-0000-7000-8000-000000000000';
const givenUp = { outcome: 'give_up', reason: 'x' };
const made = { outcome: 'made', reason: 'x' };
let parkedCount = 0;

/** A create whose call was lost this many hours ago, parked with this code. */
async function parkedCreate(code: string, hoursAgo: number, stepsDone = 0) {
  parkedCount += 1;
  const name = `parked-${parkedCount}`;
  const { body } = await postCommand(api.app, createCommand({ externalId: name }), name);
  await api.pool.query(
    `with parked as (
       update commands set status = 'parked', offer_at = null, steps_done = $3, problem = jsonb_build_object('code', $2::text, 'detail', 'x')
       where id = $1 returning *
     )
     insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, outcome,
       finished_at, resolution, resolved_at)
     select id, payment_key, steps_done, steps[steps_done + 1], 1, 1, 'w', capstan_now() - $4::float8 * interval '1 hour',
       'unknown', capstan_now(), 'parked', capstan_now() from parked`,
    [body.command.id, code, stepsDone, hoursAgo],
  );
  return { id: body.command.id, key: body.command.payment.key };
}

async function parkedCapture(conomyId = 'created') {
  const parked = await parkedCreate('outcome_unknown', 30, 1);
  await api.pool.query(`update payments set conomy_id = $2 where key = $1`, [parked.key, conomyId]);
  return { ...parked, conomyId };
}

const resolution = { action: 'accept', reason: 'x' };
const signed = (body: string) => createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');

/** By operation and code: a request that gets it. */
const REQUESTS: Record<string, () => Promise<Answer>> = {
  'acceptCommand validation_failed': () => postCommand(api.app, createCommand({ externalId: '' }), 'key-2'),
  'acceptCommand idempotency_key_missing': () => postCommand(api.app, createCommand(), null),
  'acceptCommand idempotency_key_malformed': () => postCommand(api.app, createCommand(), 'a,b'),
  'acceptCommand payment_not_found': () => postCommand(api.app, captureOf({ externalId: 'nobody' }), 'key-3'),
  'acceptCommand external_id_taken': () =>
    postCommand(api.app, createCommand({ externalId: 'taken' }), 'key-4'),
  'acceptCommand idempotency_key_reused': () =>
    postCommand(api.app, createCommand({ externalId: 'other' }), 'key-1'),
  'acceptCommand payload_too_large': () => postCommand(api.app, tooLong(257 * 1_024), 'key-5'),
  'acceptCommand unsupported_media_type': () =>
    postCommand(api.app, createCommand(), 'key-6', { 'content-type': 'text/plain' }),
  'acceptCommand unavailable': () => postCommand(cut.app, createCommand(), 'key-7'),
  'acceptCommands validation_failed': () => postBatch(api.app, { commands: [] }),
  'acceptCommands payload_too_large': () => post('/v1/commands/batch', tooLong(4 * 1_024 * 1_024 + 1)),
  'acceptCommands unsupported_media_type': () =>
    post('/v1/commands/batch', '{}', { 'content-type': 'text/plain' }),
  'acceptCommands unavailable': () =>
    postBatch(cut.app, { commands: [{ idempotencyKey: 'key-8', ...createCommand() }] }),
  'listCommands validation_failed': () => get(api.app, '/v1/commands?limit=0'),
  'listCommands unavailable': () => get(cut.app, '/v1/commands'),
  'readCommand validation_failed': () => get(api.app, `/v1/commands/${id}?wait=x`),
  'readCommand command_not_found': () => get(api.app, `/v1/commands/${unknown}`),
  'readCommand unavailable': () => get(cut.app, `/v1/commands/${unknown}`),
  'cancelCommand validation_failed': () => post(`/v1/commands/${id}/cancel`, { why: 'x' }),
  'cancelCommand payload_too_large': () => post(`/v1/commands/${id}/cancel`, tooLong(257 * 1_024)),
  'cancelCommand unsupported_media_type': () =>
    post(`/v1/commands/${id}/cancel`, '{}', { 'content-type': 'text/plain' }),
  'cancelCommand command_not_found': () => post(`/v1/commands/${unknown}/cancel`, {}),
  'cancelCommand not_cancelable': async () => {
    await api.pool.query(`update commands set status = 'unresolved' where id = $1`, [id]);
    await api.pool.query(
      `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at)
       values ($1, $2, 0, 'create', 1, 1, 'w', capstan_now())`,
      [id, key],
    );
    return post(`/v1/commands/${id}/cancel`, {});
  },
  'cancelCommand unavailable': () => post(`/v1/commands/${unknown}/cancel`, {}, {}, cut),
  'redriveCommand validation_failed': () => post(`/v1/commands/${id}/redrive`, {}),
  'redriveCommand payload_too_large': () => post(`/v1/commands/${id}/redrive`, tooLong(257 * 1_024)),
  'redriveCommand unsupported_media_type': () =>
    post(`/v1/commands/${id}/redrive`, '{}', { 'content-type': 'text/plain' }),
  'redriveCommand command_not_found': () => post(`/v1/commands/${unknown}/redrive`, { reason: 'x' }),
  'redriveCommand not_parked': () => post(`/v1/commands/${id}/redrive`, { reason: 'x' }),
  'redriveCommand unavailable': () => post(`/v1/commands/${unknown}/redrive`, { reason: 'x' }, {}, cut),
  'concludeCommand validation_failed': () => post(`/v1/commands/${id}/conclude`, {}),
  'concludeCommand payload_too_large': () => post(`/v1/commands/${id}/conclude`, tooLong(257 * 1_024)),
  'concludeCommand unsupported_media_type': () =>
    post(`/v1/commands/${id}/conclude`, '{}', { 'content-type': 'text/plain' }),
  'concludeCommand command_not_found': () => post(`/v1/commands/${unknown}/conclude`, givenUp),
  'concludeCommand not_parked': () => post(`/v1/commands/${id}/conclude`, givenUp),
  'concludeCommand unavailable': () => post(`/v1/commands/${unknown}/conclude`, givenUp, {}, cut),
  'concludeCommand outcome_not_offered': async () => {
    const parked = await parkedCreate('refunds_unreadable', 30);
    return post(`/v1/commands/${parked.id}/conclude`, { ...made, paymentId: 'second' });
  },
  'concludeCommand payment_differs': async () => {
    const parked = await parkedCreate('payment_unclear', 30);
    return post(`/v1/commands/${parked.id}/conclude`, { ...made, paymentId: 'unlike' });
  },
  'concludeCommand effect_not_seen': async () => {
    const parked = await parkedCapture();
    return post(`/v1/commands/${parked.id}/conclude`, { ...made, paymentId: parked.conomyId });
  },
  'concludeCommand another_was_captured': async () => {
    const parked = await parkedCreate('several_payments_found', 30);
    await api.pool.query(
      `insert into attempt_reads (attempt_id, began_at, finding, detail)
       select id, capstan_now(), 'ambiguous', '{"ids":["captured"]}' from attempts where command_id = $1`,
      [parked.id],
    );
    return post(`/v1/commands/${parked.id}/conclude`, { ...made, outcome: 'choose', paymentId: 'unlike' });
  },
  'concludeCommand too_early': async () => {
    const parked = await parkedCreate('scan_too_long', 1);
    return post(`/v1/commands/${parked.id}/conclude`, { outcome: 'not_made', reason: 'x' });
  },
  'concludeCommand effect_may_exist': async () => {
    const parked = await parkedCapture('captured');
    return post(`/v1/commands/${parked.id}/conclude`, { outcome: 'not_made', reason: 'x' });
  },
  'concludeCommand scan_running': async () => {
    const parked = await parkedCreate('scan_too_long', 30);
    return post(`/v1/commands/${parked.id}/conclude`, { outcome: 'not_made', reason: 'x' });
  },
  'pauseWrites validation_failed': () => post('/v1/pauses', { scope: { kind: 'all' } }),
  'pauseWrites payload_too_large': () => post('/v1/pauses', tooLong(257 * 1_024)),
  'pauseWrites unsupported_media_type': () => post('/v1/pauses', '{}', { 'content-type': 'text/plain' }),
  'pauseWrites payment_not_found': () =>
    post('/v1/pauses', { scope: { kind: 'payment', value: 'nobody' }, reason: 'x' }),
  'pauseWrites unavailable': () => post('/v1/pauses', { scope: { kind: 'all' }, reason: 'x' }, {}, cut),
  'listPauses validation_failed': () => get(api.app, '/v1/pauses?cursor=x'),
  'listPauses unavailable': () => get(cut.app, '/v1/pauses'),
  'readPushEndpoint unavailable': () => get(cut.app, '/v1/push-endpoint'),
  'enablePushes validation_failed': () => post('/v1/push-endpoint/enable', {}),
  'enablePushes payload_too_large': () => post('/v1/push-endpoint/enable', tooLong(257 * 1_024)),
  'enablePushes unsupported_media_type': () =>
    post('/v1/push-endpoint/enable', '{}', { 'content-type': 'text/plain' }),
  'enablePushes not_disabled': () => post('/v1/push-endpoint/enable', { reason: 'x' }),
  'enablePushes unavailable': () => post('/v1/push-endpoint/enable', { reason: 'x' }, {}, cut),
  'listDiscrepancies validation_failed': () => get(api.app, '/v1/discrepancies?kind=odd'),
  'listDiscrepancies payment_not_found': () => get(api.app, '/v1/discrepancies?payment=nobody'),
  'listDiscrepancies unavailable': () => get(cut.app, '/v1/discrepancies'),
  'resolveDiscrepancy validation_failed': () => post(`/v1/discrepancies/${unknown}/resolve`, {}),
  'resolveDiscrepancy payload_too_large': () =>
    post(`/v1/discrepancies/${unknown}/resolve`, tooLong(257 * 1_024)),
  'resolveDiscrepancy unsupported_media_type': () =>
    post(`/v1/discrepancies/${unknown}/resolve`, '{}', { 'content-type': 'text/plain' }),
  'resolveDiscrepancy discrepancy_not_found': () => post(`/v1/discrepancies/${unknown}/resolve`, resolution),
  'resolveDiscrepancy not_resolvable': async () => {
    const side = { value: {}, readAt: new Date() };
    const found = { kind: 'twin', paymentKey: key, conomyId: 'second', cause: 'found' } as const;
    const opened = await openDiscrepancy(api.pool, { ...found, mirror: side, provider: side });
    return post(`/v1/discrepancies/${opened.id}/resolve`, { ...resolution, action: 'repair' });
  },
  'resolveDiscrepancy unavailable': () => post(`/v1/discrepancies/${unknown}/resolve`, resolution, {}, cut),
  'liftPause pause_not_found': () => lift(api),
  'liftPause unavailable': () => lift(cut),
  'listPayments validation_failed': () => get(api.app, '/v1/payments?from=then'),
  'listPayments unavailable': () => get(cut.app, '/v1/payments'),
  'readPayment validation_failed': () => get(api.app, `/v1/payments/${key}?wait=x`),
  'readPayment payment_not_found': () => get(api.app, '/v1/payments/nobody'),
  'readPayment unavailable': () => get(cut.app, '/v1/payments/nobody'),
  'readTimeline validation_failed': () => get(api.app, `/v1/payments/${key}/timeline?cursor=x`),
  'readTimeline payment_not_found': () => get(api.app, '/v1/payments/nobody/timeline'),
  'readTimeline unavailable': () => get(cut.app, '/v1/payments/nobody/timeline'),
  'refreshPayment validation_failed': () => post('/v1/payments/a%20b/refresh', {}),
  'refreshPayment payment_not_found': () => post('/v1/payments/nobody/refresh', {}),
  'refreshPayment payment_not_created': () => post(`/v1/payments/${key}/refresh`, {}),
  'refreshPayment unavailable': async () => {
    await postCommand(api.app, captureOf({ id: 'known-at-conomy' }), 'key-9');
    return post('/v1/payments/known-at-conomy/refresh', {});
  },
  'listEvents validation_failed': () => get(api.app, '/v1/events?after=-1'),
  'listEvents position_unknown': () => get(api.app, '/v1/events?after=999999999'),
  'listEvents unavailable': () => get(cut.app, '/v1/events'),
  'listProducts validation_failed': () => get(api.app, '/v1/products'),
  'listProducts not_found': () => get(api.app, '/v1/products?identityId=nobody'),
  'listProducts unavailable': () => get(cut.app, '/v1/products?identityId=x'),
  'listBanks validation_failed': () => get(api.app, '/v1/banks/COL?x=1'),
  'listBanks not_found': () => get(api.app, '/v1/banks/colombia'),
  'listBanks unavailable': () => get(cut.app, '/v1/banks/COL'),
  'receiveDelivery unauthorized': () =>
    post('/webhooks/conomy', '{}', { 'x-webhook-signature': signed('{ }') }),
  'receiveDelivery payload_too_large': () => post('/webhooks/conomy', tooLong(257 * 1_024)),
  'receiveDelivery unavailable': () =>
    post('/webhooks/conomy', '{}', { 'x-webhook-signature': signed('{}') }, cut),
};

const documented = OPERATIONS.flatMap(({ id: operation, problems }) =>
  problems.map((code) => [operation, code] as [string, ProblemCode]),
);

test.each(documented)('%s answers %s', async (operation, code) => {
  const request = REQUESTS[`${operation} ${code}`];
  if (!request) throw new Error(`no request brings about ${code} of ${operation}: add one above`);
  const { status, body } = await request();

  expect({ status, code: body.code, title: body.title }).toEqual({
    status: PROBLEMS[code].status,
    code,
    title: PROBLEMS[code].title,
  });
});

test('every operation with a scope answers unauthorized and forbidden', async () => {
  for (const { method, path, scope } of OPERATIONS.filter((operation) => operation.scope !== null)) {
    const url = path.replace(/\{\w+\}/g, unknown);
    const wrong = scope === 'read' ? SECRETS.enqueue : SECRETS.read;
    const answers = await Promise.all(
      [undefined, `Bearer ${wrong}`].map((authorization) =>
        send(api.app, { method, url, headers: authorization ? { authorization } : {} }),
      ),
    );
    expect(answers.map(({ body }) => body.code)).toEqual(['unauthorized', 'forbidden']);
  }
});
