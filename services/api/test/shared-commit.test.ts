/**
 * Scenario: of what shares a commit, one item holds something that PostgreSQL refuses. Goal: the others have their answers as if it
 * were not there, and it has one of its own.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ApiFixture,
  createCommand,
  openApi,
  postBatch,
  postCommand,
  send,
  WEBHOOK_SECRET,
} from './api-fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await openApi();
});
afterEach(() => api.close());

const numbered = (name: string) => Array.from({ length: 8 }, (_, n) => `${name}-${n}`);
const post = (name: string, more: object = {}) =>
  postCommand(api.app, { ...createCommand({ externalId: name }), ...more }, name);

describe('an instant', () => {
  test.each([
    ['2999-01-01T00:00:00+23:00', '2998-12-31T01:00:00.000Z'],
    ['2999-01-01T00:00:00-16:30', '2999-01-01T16:30:00.000Z'],
    ['2999-06-01T00:00:00.123456789Z', '2999-06-01T00:00:00.123Z'],
  ])('as far from UTC as %s is kept as what it is', async (notAfter, utc) => {
    const answers = await Promise.all([
      ...numbered('before').map((name) => post(name)),
      post('far', { notAfter }),
      ...numbered('behind').map((name) => post(name)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(17).fill(202));
    const { rows } = await api.pool.query(`select not_after from commands where idempotency_key = 'far'`);
    expect(rows).toEqual([{ not_after: new Date(utc) }]);
    // It is part of what the key stands for as it was written.
    expect(await post('far', { notAfter })).toMatchObject({ status: 202 });
    expect(await post('far', { notAfter: utc })).toMatchObject({ status: 422 });
  });

  test.each(['9999-12-31T23:59:59-15:00', '2999-06-01T00:00Z', '2999-02-30T00:00:00Z'])(
    'that cannot be kept, %s, is refused at its place',
    async (notAfter) => {
      const answers = await Promise.all([post('good'), post('bad', { notAfter }), post('better')]);
      expect(answers.map(({ status }) => status)).toEqual([202, 400, 202]);
      expect(answers[1]?.body.errors).toMatchObject([{ path: '/notAfter' }]);
    },
  );
});

describe('whatever else PostgreSQL refuses', () => {
  beforeEach(() =>
    api.pool.query(`
      create function refuse_poison() returns trigger language plpgsql as $$
      begin
        if new.external_id like 'poison%' then
          raise exception using errcode = case when new.external_id = 'poison-own' then '23514' else '54000' end;
        end if;
        return new;
      end $$;
      create trigger refuse_poison before insert on payments for each row execute function refuse_poison();
      create trigger refuse_poison before insert on webhook_deliveries for each row execute function refuse_poison();
    `),
  );

  test('is refused alone when it came beside others', async () => {
    const names = [...numbered('a'), 'poison-1', ...numbered('b'), 'poison-2', ...numbered('c')];
    const answers = await Promise.all(names.map((name) => post(name)));
    const refused = names.filter((_, index) => answers[index]?.status !== 202);
    expect(refused).toEqual(['poison-1', 'poison-2']);
    for (const name of refused)
      expect(answers[names.indexOf(name)]).toMatchObject({
        status: 400,
        body: { code: 'validation_failed', errors: [{ path: '', message: expect.stringMatching('54000') }] },
      });
    expect(await api.countRows()).toMatchObject({ commands: 24, payments: 24 });
    expect(api.commands.offers).toHaveLength(24);
  });

  test('is refused alone in a batch, in its place, and what depends on it with it', async () => {
    const capture = { type: 'payment.capture', payment: { externalId: 'poison-1' } };
    const { status, body } = await postBatch(api.app, {
      commands: [
        ...numbered('a').map((name) => ({ idempotencyKey: name, ...createCommand({ externalId: name }) })),
        { idempotencyKey: 'p', ...createCommand({ externalId: 'poison-1' }) },
        { idempotencyKey: 'behind', ...capture },
        { idempotencyKey: 'own', ...createCommand({ externalId: 'poison-own' }) },
        { idempotencyKey: 'last', ...createCommand({ externalId: 'last' }) },
      ],
    });
    expect(status).toBe(200);
    const results = body.results as { status: number; problem?: { code: string; errors?: object[] } }[];
    expect(results.map((result) => result.status)).toEqual([...Array(8).fill(202), 400, 404, 500, 202]);
    expect(results[8]?.problem).toMatchObject({ errors: [{ path: '/commands/8' }] });
    expect(results[10]?.problem).toMatchObject({ code: 'internal_error' });
  });

  test('is a delivery that is kept by what was signed, and the others beside it whole', async () => {
    const names = [...numbered('a'), 'poison-1', ...numbered('b')];
    const answers = await Promise.all(names.map((name) => deliver({ id: name, externalId: name })));
    expect(answers.map(({ status }) => status)).toEqual(Array(17).fill(200));
    const { rows } = await api.pool.query(
      `select conomy_id from webhook_deliveries where convert_from(body, 'UTF8') like '%poison-1%' or conomy_id is not null order by 1`,
    );
    expect(rows.map(({ conomy_id }) => conomy_id)).toEqual([...numbered('a'), ...numbered('b'), null]);
  });
});

test('ids, names and states of any length are stored and harm no delivery beside them', async () => {
  const long = () => randomBytes(4_000).toString('base64');
  const [externalId, status] = [long(), long()];
  const answers = await Promise.all([
    deliver({ id: 'good-1', status: 'CAPTURED' }),
    deliver({ id: 'named', externalId, status }),
    deliver({ id: long(), status: 'CAPTURED' }),
    deliver({ id: 'with\0nul', externalId: '\0', status: '\ud83d' }),
    deliver({ id: 'good-2', status: 'CAPTURED' }),
  ]);
  expect(answers.map((answer) => answer.status)).toEqual(Array(5).fill(200));
  const { rows } = await api.pool.query(
    'select conomy_id, external_id, status from webhook_deliveries order by received_at, id',
  );
  expect(rows).toEqual([
    { conomy_id: 'good-1', external_id: null, status: 'CAPTURED' },
    { conomy_id: 'named', external_id: externalId.slice(0, 201), status: status.slice(0, 64) },
    { conomy_id: null, external_id: null, status: 'CAPTURED' },
    { conomy_id: null, external_id: '\ufffd', status: '\ufffd' },
    { conomy_id: 'good-2', external_id: null, status: 'CAPTURED' },
  ]);
});

function deliver(transaction: object) {
  const body = JSON.stringify({ event: 'Transaction.Captured', data: { transaction } });
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  const headers = { 'x-webhook-signature': signature };
  return send(api.app, { method: 'POST', url: '/webhooks/conomy', headers, payload: body });
}
