/** Accepting commands over HTTP on a real PostgreSQL: what is answered and what is written. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ApiFixture,
  captureOf,
  collectBody,
  createCommand,
  openApi,
  postBatch,
  postCommand,
} from './api-fixture.ts';

interface BatchResult {
  status: number;
  command?: { id: string; status: string };
  problem?: { code: string };
}

let api: ApiFixture;

beforeEach(async () => {
  api = await openApi();
});

afterEach(() => api.close());

describe('a well-formed create', () => {
  test('is answered 202 after its rows are committed, and its job is offered', async () => {
    const answer = await postCommand(api.app, createCommand(), 'key-1');

    expect(answer.status).toBe(202);
    const { command } = answer.body;
    expect(answer.headers.location).toBe(`/v1/commands/${command.id}`);
    expect(command).toEqual({
      id: expect.any(String),
      type: 'payment.create',
      status: 'accepted',
      idempotencyKey: 'key-1',
      payment: { key: expect.any(String), externalId: 'order-1', final: false },
      steps: [
        { operation: 'create', status: 'pending', attempts: 0 },
        { operation: 'capture', status: 'pending', attempts: 0 },
      ],
      attempts: [],
      acceptedAt: expect.any(String),
    });
    const { rows } = await api.pool.query('select *, offer_at > capstan_now() as later from commands');
    expect(rows).toEqual([
      expect.objectContaining({ id: command.id, status: 'accepted', accepted_by: 'all', later: true }),
    ]);
    expect(api.commands.offers).toEqual([
      { id: `${command.id}-0`, data: { commandId: command.id, epoch: 0 }, delayMs: 0 },
    ]);
  });

  test('keeps the body as its caller wrote it, key order included', async () => {
    const payment = Object.fromEntries(Object.entries(collectBody()).reverse());
    await postCommand(api.app, { type: 'payment.create', payment }, 'key-1');

    const { rows } = await api.pool.query('select create_body::text as body from commands');
    expect(rows).toEqual([{ body: JSON.stringify(payment) }]);
  });

  test('is accepted although the queue is down', async () => {
    api.commands.isDown = true;
    const answer = await postCommand(api.app, createCommand(), 'key-1');

    expect(answer.status).toBe(202);
    expect(await api.countRows()).toMatchObject({ commands: 1, payments: 1 });
  });
});

describe('the same idempotency key', () => {
  test('with the same command replays it, whatever the key order of the body', async () => {
    const first = await postCommand(api.app, createCommand(), 'key-1');
    const reversed = Object.fromEntries(Object.entries(createCommand()).reverse());
    const second = await postCommand(api.app, reversed, 'key-1');

    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.status).toBe(202);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.body).toEqual(first.body);
    expect(await api.countRows()).toMatchObject({ commands: 1, payments: 1 });
  });

  test('shows the command in its current state', async () => {
    await postCommand(api.app, createCommand(), 'key-1');
    await api.pool.query(
      `update commands set status = 'parked', offer_at = null, problem = '{"code":"x","detail":"y"}'`,
    );
    const second = await postCommand(api.app, createCommand(), 'key-1');

    expect(second.body.command).toMatchObject({ status: 'parked', problem: { code: 'x', detail: 'y' } });
  });

  test('with another command is refused and writes nothing', async () => {
    await postCommand(api.app, createCommand(), 'key-1');
    const answer = await postCommand(api.app, createCommand({ description: 'another' }), 'key-1');

    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    expect(answer.body.detail).toContain('"key-1"');
    expect(await api.countRows()).toMatchObject({ commands: 1, payments: 1 });
  });

  test('is not used up by a refused request', async () => {
    await postCommand(api.app, createCommand({ purchaseAmount: '-5' }), 'key-1');

    expect((await postCommand(api.app, createCommand(), 'key-1')).status).toBe(202);
  });
});

describe('an externalId', () => {
  test('with a live create refuses a second create', async () => {
    await postCommand(api.app, createCommand(), 'key-1');
    const answer = await postCommand(api.app, createCommand(), 'key-2');

    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'external_id_taken' });
    expect(await api.countRows()).toMatchObject({ commands: 1, payments: 1 });
  });

  test('is free again once its create has come to nothing', async () => {
    await postCommand(api.app, createCommand(), 'key-1');
    await api.pool.query(
      `update commands set status = 'rejected', finished_at = capstan_now(), offer_at = null, problem = '{"code":"x","detail":"y"}'`,
    );
    await api.pool.query('update payments set external_id_released_at = capstan_now()');

    expect((await postCommand(api.app, createCommand(), 'key-2')).status).toBe(202);
  });

  test('nobody created answers 404 to a capture, and nothing is written', async () => {
    const answer = await postCommand(api.app, captureOf({ externalId: 'nobody' }), 'key-1');

    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'payment_not_found' });
    expect(await api.countRows()).toMatchObject({ commands: 0, payments: 0 });
  });
});

describe('a capture', () => {
  test('behind an open command of its payment is blocked and offered to nobody', async () => {
    const create = await postCommand(api.app, createCommand(), 'key-1');
    const capture = await postCommand(api.app, captureOf({ externalId: 'order-1' }), 'key-2');

    expect(capture.body.command).toMatchObject({
      status: 'blocked',
      payment: { key: create.body.command.payment.key },
    });
    expect(api.commands.offers).toHaveLength(1);
  });

  test('behind ended commands only is accepted', async () => {
    await postCommand(api.app, createCommand(), 'key-1');
    await api.pool.query(
      `update commands set status = 'succeeded', steps_done = 2, finished_at = capstan_now(), offer_at = null`,
    );
    const capture = await postCommand(api.app, captureOf({ externalId: 'order-1' }), 'key-2');

    expect(capture.body.command).toMatchObject({ status: 'accepted' });
  });

  test('of a Conomy id nobody has named yet is accepted with a payment of its own', async () => {
    const first = await postCommand(api.app, captureOf({ id: 'conomy-9' }), 'key-1');
    const second = await postCommand(api.app, captureOf({ id: 'conomy-9' }), 'key-2');

    expect(first.body.command).toMatchObject({
      status: 'accepted',
      payment: { id: 'conomy-9', final: false },
    });
    expect(second.body.command).toMatchObject({
      status: 'blocked',
      payment: { key: first.body.command.payment.key },
    });
    expect(await api.countRows()).toMatchObject({ commands: 2, payments: 1 });
  });
});

describe('a batch', () => {
  test('answers each item in order, as if they had come one after the other', async () => {
    const { status, body } = await postBatch(api.app, {
      commands: [
        { idempotencyKey: 'a', ...createCommand() },
        { idempotencyKey: 'a', ...createCommand() },
        { idempotencyKey: 'a', ...createCommand({ description: 'another' }) },
        { idempotencyKey: 'b', ...createCommand() },
        { idempotencyKey: 'c', ...captureOf({ externalId: 'order-1' }) },
        { idempotencyKey: 'd', ...captureOf({ externalId: 'nobody' }) },
        { idempotencyKey: 'e', ...createCommand({ externalId: 'order-2', purchaseAmount: '1e3' }) },
        { ...createCommand({ externalId: 'order-3' }) },
        {
          idempotencyKey: 'f',
          ...createCommand({ externalId: 'order-4' }),
          notAfter: '2020-01-01T00:00:00Z',
        },
        17,
      ],
    });

    expect(status).toBe(200);
    const seen = body.results.map((result: BatchResult) => [
      result.status,
      result.command?.status ?? result.problem?.code,
    ]);
    expect(seen).toEqual([
      [202, 'accepted'],
      [202, 'accepted'],
      [422, 'idempotency_key_reused'],
      [409, 'external_id_taken'],
      [202, 'blocked'],
      [404, 'payment_not_found'],
      [400, 'validation_failed'],
      [400, 'idempotency_key_missing'],
      [400, 'validation_failed'],
      [400, 'validation_failed'],
    ]);
    expect(body.results[1].command.id).toBe(body.results[0].command.id);
    expect(body.results[6].problem.errors[0].path).toBe('/commands/6/payment/purchaseAmount');
    expect(body.results[8].problem.errors[0].path).toBe('/commands/8/notAfter');
    expect(body.results[9].problem.errors[0].path).toBe('/commands/9');
    expect(await api.countRows()).toMatchObject({ commands: 2, payments: 1 });
  });

  test('of 1,000 items keeps their order as the order of acceptance', async () => {
    const commands = Array.from({ length: 1_000 }, (_, n) => ({
      idempotencyKey: `key-${(n * 7_919) % 1_000}`,
      ...createCommand({ externalId: `order-${n}` }),
    }));
    const { body } = await postBatch(api.app, { commands });

    const { rows } = await api.pool.query('select id from commands order by position');
    expect(rows.map(({ id }) => id)).toEqual(body.results.map((result: BatchResult) => result.command?.id));
  });

  test('of more than 1,000 items or none is refused as a whole', async () => {
    const many = await postBatch(api.app, {
      commands: Array.from({ length: 1_001 }, (_, n) => ({ idempotencyKey: `${n}` })),
    });
    const none = await postBatch(api.app, { commands: [] });

    expect([many.status, none.status]).toEqual([400, 400]);
    expect(many.body.errors).toEqual([{ path: '/commands', message: 'must hold at most 1000 commands' }]);
    expect(await api.countRows()).toMatchObject({ commands: 0, payments: 0 });
  });
});

describe('at the same time, in two processes', () => {
  test('50 posts with one key become one command, and all of them are told its id', async () => {
    const apps = [api.app, await api.another()];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => postCommand(apps[n % 2] as never, createCommand(), 'key-1')),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
    expect(new Set(answers.map(({ body }) => body.command.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => !headers['idempotency-replayed'])).toHaveLength(1);
    expect(await api.countRows()).toMatchObject({ commands: 1, payments: 1 });
  });

  test('50 creates with one externalId and different keys become one payment', async () => {
    const apps = [api.app, await api.another()];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => postCommand(apps[n % 2] as never, createCommand(), `key-${n}`)),
    );

    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([202, ...Array(49).fill(409)]);
    expect(await api.countRows()).toMatchObject({ commands: 1, payments: 1 });
  });

  test('lists with the same items in opposite order do not block each other for good', async () => {
    const apps = [api.app, await api.another()];
    const items = Array.from({ length: 100 }, (_, n) => ({
      idempotencyKey: `key-${n}`,
      ...createCommand({ externalId: `order-${n}` }),
    }));
    const lists = [items, [...items].reverse(), items, [...items].reverse()];
    const answers = await Promise.all(
      lists.map((commands, n) => postBatch(apps[n % 2] as never, { commands })),
    );

    for (const { body } of answers)
      expect(new Set(body.results.map((result: BatchResult) => result.status))).toEqual(new Set([202]));
    expect(await api.countRows()).toMatchObject({ commands: 100, payments: 100 });
  });

  test('captures of one unknown Conomy id share one payment, and one of them runs', async () => {
    const apps = [api.app, await api.another()];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        postCommand(apps[n % 2] as never, captureOf({ id: 'conomy-9' }), `key-${n}`),
      ),
    );

    const statuses = answers.map(({ body }) => body.command.status).sort();
    expect(statuses).toEqual(['accepted', ...Array(19).fill('blocked')]);
    expect(await api.countRows()).toMatchObject({ commands: 20, payments: 1 });
  });
});
