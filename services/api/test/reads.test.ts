/** Reading commands and payments back, and waiting for them to come to rest. */
import type { Listener } from '@capstan/shared/db/announcements';
import { afterEach, expect, test } from 'vitest';
import { type ApiFixture, createCommand, get, openApi, postCommand, SECRETS } from './api-fixture.ts';

let api: ApiFixture;

afterEach(() => api.close());

async function accept(): Promise<{ id: string; payment: { key: string } }> {
  return (await postCommand(api.app, createCommand(), 'key-1')).body.command;
}

/** What a capturer and a reconciler leave behind for a create that was settled on its second attempt. */
async function settle(id: string, key: string): Promise<void> {
  await api.pool.query(
    `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, finished_at, outcome, failure)
     values ($1, $2, 0, 'create', 1, 1, 'w', capstan_now(), capstan_now(), 'retryable',
         '{"stage":"answered","reason":"http_429","httpStatus":429,"code":"29","type":"tooMany","traceId":"t","detail":"private"}'),
       ($1, $2, 0, 'create', 2, 2, 'w', capstan_now(), capstan_now(), 'succeeded', null)`,
    [id, key],
  );
  await api.pool.query(
    `update payments set conomy_id = 'conomy-1', version = 2, cause = 'answer', status = 'CAPTURED', final = default,
       snapshot = snapshot || '{"status":"CAPTURED","createdAt":"2026-05-18T10:00:00Z"}' where key = $1`,
    [key],
  );
  await api.pool.query(`update payments set cause = 'read', status = 'SETTLED', version = 3 where key = $1`, [
    key,
  ]);
  await api.pool.query(
    `insert into journal (payment_key, version, from_status, to_status, cause) values ($1, 1, null, 'CREATED', 'answer'),
       ($1, 2, 'CREATED', 'CAPTURED', 'answer'), ($1, 3, 'CAPTURED', 'SETTLED', 'read')`,
    [key],
  );
  await api.pool.query(
    `insert into webhook_deliveries (id, body_sha256, body, form, event, payment_key, applied_at, result)
     values (gen_random_uuid(), sha256('x'), 'x', 'header', 'TRANSACTION_CAPTURED', $1, capstan_now(), 'duplicate')`,
    [key],
  );
  await api.pool.query(
    `update commands set status = 'succeeded', steps_done = 2, finished_at = capstan_now(), offer_at = null where id = $1`,
    [id],
  );
}

test('a command shows its steps, attempts and what the provider said, without private detail', async () => {
  api = await openApi();
  const { id, payment } = await accept();
  await settle(id, payment.key);
  const { body } = await get(api.app, `/v1/commands/${id}`);

  expect(body.command).toMatchObject({
    status: 'succeeded',
    payment: { key: payment.key, id: 'conomy-1', externalId: 'order-1', status: 'SETTLED', final: true },
    steps: [
      { operation: 'create', status: 'succeeded', attempts: 2 },
      { operation: 'capture', status: 'skipped', attempts: 0 },
    ],
    finishedAt: expect.any(String),
  });
  expect(body.command.attempts[0]).toEqual({
    number: 1,
    operation: 'create',
    outcome: 'retryable',
    startedAt: expect.any(String),
    finishedAt: expect.any(String),
    reason: 'http_429',
    provider: { status: 429, code: '29', type: 'tooMany', traceId: 't' },
  });
});

test('a payment is found by our key, by Conomy’s id and by its externalId, in Conomy’s names', async () => {
  api = await openApi();
  const { id, payment } = await accept();
  await settle(id, payment.key);
  const byKey = await get(api.app, `/v1/payments/${payment.key}`);
  const byId = await get(api.app, '/v1/payments/conomy-1');
  const byExternalId = await get(api.app, '/v1/payments?externalId=order-1');

  expect(byKey.body.payment).toMatchObject({
    key: payment.key,
    id: 'conomy-1',
    externalId: 'order-1',
    status: 'SETTLED',
    purchaseAmount: '30000.00',
    createdAt: '2026-05-18T10:00:00Z',
    mirror: { version: 3, cause: 'read', updatedAt: expect.any(String), final: true },
  });
  expect(byId.body).toEqual(byKey.body);
  expect(byExternalId.body).toEqual({ payments: [byKey.body.payment], next: null });
  expect((await get(api.app, '/v1/payments?externalId=nobody')).body).toEqual({ payments: [], next: null });
});

test('a payment nobody has seen yet has no id and no status', async () => {
  api = await openApi();
  const { payment } = await accept();

  expect((await get(api.app, `/v1/payments/${payment.key}`)).body.payment).toMatchObject({
    id: null,
    status: null,
    mirror: { version: 0, final: false },
  });
});

test('the timeline tells everything that happened, oldest first', async () => {
  api = await openApi();
  const { id, payment } = await accept();
  await settle(id, payment.key);
  const { body } = await get(api.app, `/v1/payments/${payment.key}/timeline`);

  expect(body.next).toBeNull();
  // What happens within one millisecond has no order among itself.
  const kinds = body.entries.map(({ kind }: { kind: string }) => kind).toSorted();
  expect(kinds).toEqual([
    'attempt',
    'attempt',
    'command',
    'delivery',
    'move',
    'move',
    'move',
    'notification',
    'notification',
    'notification',
    'notification',
  ]);
  const times = body.entries.map(({ at }: { at: string }) => at);
  expect(times).toEqual([...times].sort());
});

test('a waiting request is answered when the command has ended', async () => {
  api = await openApi();
  const { id, payment } = await accept();
  const waiting = get(api.app, `/v1/commands/${id}?wait=30`);
  await settle(id, payment.key);
  api.progress.announce(payment.key);

  expect((await waiting).body.command.status).toBe('succeeded');
});

test('a waiting request is answered when the command is parked, and the payment goes on waiting', async () => {
  api = await openApi();
  const { id, payment } = await accept();
  const command = get(api.app, `/v1/commands/${id}?wait=30`);
  const mirror = get(api.app, `/v1/payments/${payment.key}?wait=1`);
  await api.pool.query(
    `update commands set status = 'parked', offer_at = null, problem = '{"code":"x","detail":"y"}'`,
  );
  api.progress.announce(payment.key);

  expect((await command).body.command.status).toBe('parked');
  expect((await mirror).body.payment.status).toBeNull();
});

test('progress that nobody announced is noticed all the same', async () => {
  api = await openApi();
  const { id, payment } = await accept();
  const waiting = get(api.app, `/v1/payments/${payment.key}?wait=30`);
  await settle(id, payment.key);

  expect((await waiting).body.payment.status).toBe('SETTLED');
});

/** Never announces anything; says when somebody waits and when they gave up. */
function silentListener() {
  const waits = Promise.withResolvers<void>();
  const gaveUp = Promise.withResolvers<void>();
  const listener: Listener = {
    next: (_key, _waitMs, signal) =>
      new Promise((resolve) => {
        waits.resolve();
        signal.addEventListener('abort', () => {
          gaveUp.resolve();
          resolve(false);
        });
      }),
    close: async () => {},
  };
  return { listener, waits: waits.promise, gaveUp: gaveUp.promise };
}

test('a stopping server answers waiting requests with the current state', async () => {
  const { listener, waits } = silentListener();
  api = await openApi({ progress: listener });
  const { id } = await accept();
  const waiting = get(api.app, `/v1/commands/${id}?wait=60`);
  await waits;
  await api.app.close();

  expect(await waiting).toMatchObject({ status: 200, body: { command: { status: 'accepted' } } });
});

test('a caller who hangs up is waited for no longer', async () => {
  const { listener, waits, gaveUp } = silentListener();
  api = await openApi({ progress: listener });
  const { id } = await accept();
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const caller = new AbortController();
  const request = fetch(`${url}/v1/commands/${id}?wait=60`, {
    headers: { authorization: `Bearer ${SECRETS.all}` },
    signal: caller.signal,
  });
  const hungUp = expect(request).rejects.toThrow();
  await waits;
  caller.abort();

  await hungUp;
  await gaveUp;
});
