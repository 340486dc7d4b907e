/** Lists of commands, payments and timelines: every filter, and pages that neither skip nor repeat. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiFixture, collectBody, createCommand, get, openApi, postBatch } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
});

afterAll(() => api.close());

async function acceptOrders(names: readonly string[]): Promise<void> {
  const commands = names.map((externalId) => ({
    idempotencyKey: `key-${externalId}`,
    ...createCommand({ externalId }),
  }));
  const { body } = await postBatch(api.app, { commands });
  expect(body.results.map(({ status }: { status: number }) => status)).toEqual(names.map(() => 202));
}

/** All pages of a list, one by one; `between` runs after each. */
async function pages(path: string, name: string, between: () => Promise<unknown> = async () => {}) {
  const found: { payment?: { externalId: string }; externalId?: string }[][] = [];
  for (let next: string | null = ''; next !== null; ) {
    const { status, body } = await get(api.app, `${path}${next && `&cursor=${encodeURIComponent(next)}`}`);
    expect(status).toBe(200);
    found.push(body[name]);
    next = body.next;
    await between();
  }
  return found.map((page) => page.map((row) => row.payment?.externalId ?? row.externalId));
}

describe('pages', () => {
  const names = Array.from({ length: 7 }, (_, n) => `page-${n}`);
  let added = 0;
  const addOne = () => {
    added += 1;
    return acceptOrders([`meanwhile-${added}`]);
  };

  beforeAll(() => acceptOrders(names));

  test.each(['commands', 'payments'])(
    'of %s go from the newest back, whatever is accepted meanwhile',
    async (name) => {
      const before = (await pages(`/v1/${name}?limit=200`, name)).flat();
      const found = await pages(`/v1/${name}?limit=3`, name, addOne);

      expect(found.flat()).toEqual(before);
      expect(found.slice(0, -1).every(({ length }) => length === 3)).toBe(true);
      expect(new Set(before).size).toBe(before.length);
    },
  );

  test('of payments accepted in one instant are told apart by key', async () => {
    await acceptOrders(['twin-1', 'twin-2', 'twin-3']);
    await api.pool.query(`update payments set accepted_at = '2026-01-01T00:00:00.123456Z'
      where external_id like 'twin-%'`);
    const found = await pages('/v1/payments?limit=1&to=2026-01-01', 'payments');

    expect(found.flat().sort()).toEqual(['twin-1', 'twin-2', 'twin-3']);
  });

  test.each(['commands', 'payments'])('of %s end exactly when the last row was shown', async (name) => {
    const { body } = await get(api.app, `/v1/${name}?externalId=page-1&limit=1`);
    expect(body[name]).toHaveLength(1);
    expect(body.next).toBeNull();
  });
});

/** A place that nobody gave out. */
const cursorOf = (place: object) => Buffer.from(JSON.stringify(place)).toString('base64url');
const KEY = '11111111-1111-4111-8111-111111111111';

describe('filters', () => {
  beforeAll(async () => {
    await acceptOrders(['filter-1', 'filter-2', 'filter-3']);
    await api.pool.query(`update payments set conomy_id = 'c-' || external_id, status = 'CAPTURED', version = 1,
      cause = 'answer', accepted_at = ('2025-03-0' || right(external_id, 1) || 'T12:00:00Z')::timestamptz where external_id like 'filter-%'`);
    await api.pool.query(
      `update payments set snapshot = snapshot || '{"type":"PURCHASE"}' where external_id = 'filter-2'`,
    );
    await api.pool.query(`update commands set status = 'executing' where idempotency_key = 'key-filter-1'`);
    await api.pool.query(`update commands set status = 'canceled', problem = '{}', offer_at = null,
      finished_at = capstan_now() where idempotency_key = 'key-filter-3'`);
    await api.pool.query(`update payments set external_id_released_at = capstan_now(), conomy_id = null,
      status = null where external_id = 'filter-3'`);
  });

  test.each([
    ['status=CAPTURED', ['filter-2', 'filter-1']],
    ['type=PURCHASE', ['filter-2']],
    ['type=PURCHASE&status=SETTLED', []],
    ['externalId=filter-1', ['filter-1']],
    ['externalId=nobody', []],
    ['from=2025-03-01&to=2025-03-01', ['filter-1']],
    ['from=2025-03-01&to=2025-03-02', ['filter-2', 'filter-1']],
    ['from=2025-03-01T12:00:00Z&to=2025-03-02T12:00:00Z', ['filter-1']],
    ['from=2025-03-01T13:00:00%2B01:00&to=2025-03-01T12:00:00.001Z', ['filter-1']],
  ])('payments?%s', async (query, expected) => {
    expect((await pages(`/v1/payments?${query}`, 'payments')).flat()).toEqual(expected);
  });

  test('a payment whose create came to nothing is in no list, and its command still is', async () => {
    expect((await pages('/v1/payments?externalId=filter-3', 'payments')).flat()).toEqual([]);
    expect((await pages('/v1/commands?externalId=filter-3', 'commands')).flat()).toEqual(['filter-3']);
  });

  test.each([
    ['status=executing', ['filter-1']],
    ['status=canceled', ['filter-3']],
    ['externalId=filter-2', ['filter-2']],
    ['externalId=filter-2&status=canceled', []],
    ['type=payment.capture', []],
    ['type=payment.create&status=executing', ['filter-1']],
  ])('commands?%s', async (query, expected) => {
    expect((await pages(`/v1/commands?${query}`, 'commands')).flat()).toEqual(expected);
  });

  test.each([
    ['commands?status=done', '/status'],
    ['commands?type=CAPTURE', '/type'],
    ['commands?limit=0', '/limit'],
    ['commands?limit=201', '/limit'],
    ['commands?limit=1.5', '/limit'],
    ['commands?cursor=abc', '/cursor'],
    ['commands?cursor=', '/cursor'],
    ['payments?status=settled', '/status'],
    ['payments?from=yesterday', '/from'],
    ['payments?to=2026-02-30', '/to'],
    ['payments?from=2026-05-18T10:00:00', '/from'],
    ['payments?cursor=Mg', '/cursor'],
    [`payments?cursor=${cursorOf({ acceptedAt: '2026-01-01T00:00:00+23:00', key: KEY })}`, '/cursor'],
    [`payments?cursor=${cursorOf({ acceptedAt: '9999-12-31T23:59:59-14:00', key: KEY })}`, '/cursor'],
    [`discrepancies?cursor=${cursorOf({ openedAt: '0000-01-01T00:00:00Z', id: KEY })}`, '/cursor'],
    ['payments?externalId=', '/externalId'],
    ['payments?colour=red', '/colour'],
  ])('%s is refused by name', async (path, pointer) => {
    expect(await get(api.app, `/v1/${path}`)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path: pointer }] },
    });
  });
});

describe('a timeline', () => {
  test('is paged oldest first without a gap or a repeat, also while it grows', async () => {
    await acceptOrders(['story']);
    const { body } = await get(api.app, '/v1/payments?externalId=story');
    const { key } = body.payments[0];
    const addMove = (version: number) =>
      api.pool.query(
        `insert into journal (payment_key, version, from_status, to_status, cause) values ($1, $2, $3, $4, 'read')`,
        [key, version, `S${version - 1}`, `S${version}`],
      );
    for (const version of [1, 2, 3]) await addMove(version);
    const seen: string[] = [];
    const nameOf = ({
      kind,
      version: nth,
      sequence,
    }: {
      kind: string;
      version?: number;
      sequence?: number;
    }) => [kind, nth ?? sequence].filter((part) => part !== undefined).join(' ');
    let version = 3;
    for (let next: string | null = ''; next !== null; ) {
      const page = await get(
        api.app,
        `/v1/payments/${key}/timeline?limit=2${next && `&cursor=${encodeURIComponent(next)}`}`,
      );
      seen.push(...page.body.entries.map(nameOf));
      next = page.body.next;
      version += 1;
      if (version <= 5) await addMove(version);
    }
    const told = [1, 2, 3, 4, 5].flatMap((nth) => [`move ${nth}`, `notification ${nth}`]);
    expect(seen).toEqual(['command', ...told]);
    expect(await get(api.app, `/v1/payments/${key}/timeline?cursor=abc`)).toMatchObject({ status: 400 });
  });
});

describe('with tens of thousands of rows', () => {
  beforeAll(async () => {
    await api.pool.query(
      `with made as (
         insert into payments (key, conomy_id, external_id, status, cause, snapshot, accepted_at)
         select gen_random_uuid(), 'many-' || n, 'many-' || n, (array['CREATED', 'CAPTURED', 'RECEIVED'])[1 + n % 3], 'answer',
           $1::jsonb || jsonb_build_object('type', (array['COLLECT', 'PURCHASE', 'P2P'])[1 + n % 3]),
           '2024-01-01'::timestamptz + n * interval '1 minute'
         from generate_series(1, 20000) n returning key, external_id
       )
       insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, status, accepted_by,
         problem, finished_at)
       select gen_random_uuid(), external_id, sha256('x'), 'payment.create', key, '{}', '{create}', 'rejected', 'test', '{}',
         capstan_now()
       from made`,
      [JSON.stringify(collectBody())],
    );
    await api.pool.query('analyze payments, commands');
  });

  test.each([
    'commands?limit=50',
    'commands?status=executing',
    'commands?status=rejected',
    'commands?type=payment.capture',
    'commands?externalId=many-500',
    'payments?limit=50',
    'payments?status=RECEIVED',
    'payments?status=SETTLED',
    'payments?type=PURCHASE',
    'payments?type=REMITTANCE',
    'payments?externalId=many-500',
    'payments?from=2024-01-03&to=2024-01-04',
    'payments?from=2024-01-03&to=2024-01-04&status=RECEIVED',
  ])('no list reads much more than it shows: %s', async (path) => {
    const before = await rowsRead();
    const { status, body } = await get(api.app, `/v1/${path}`);
    expect(status).toBe(200);
    if (body.next !== null)
      expect((await get(api.app, `/v1/${path}&cursor=${encodeURIComponent(body.next)}`)).status).toBe(200);
    expect((await rowsRead()) - before).toBeLessThan(1_000);
  });

  /** Rows that all scans of the two tables have read so far, as PostgreSQL counts them. */
  async function rowsRead(): Promise<number> {
    // Each backend reports its counts when it is idle; this makes all of the pool's report now.
    const clients = await Promise.all(Array.from({ length: 10 }, () => api.pool.connect()));
    await Promise.all(clients.map((client) => client.query('select pg_stat_force_next_flush()')));
    await Promise.all(clients.map((client) => client.query('select 1')));
    for (const client of clients) client.release();
    const { rows } = await api.pool.query(
      `select sum(seq_tup_read + idx_tup_fetch)::int as read from pg_stat_user_tables
       where relname in ('commands', 'payments')`,
    );
    return rows[0].read;
  }
});
