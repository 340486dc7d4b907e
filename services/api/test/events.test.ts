/** What upstream is told through GET /v1/events: everything, in order, and nothing skipped. */
import { randomUUID } from 'node:crypto';
import type { PoolClient } from '@capstan/shared/db/pool';
import { until } from '@capstan/testing/until';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ApiFixture, createCommand, get, openApi, postCommand, SECRETS, send } from './api-fixture.ts';

let api: ApiFixture;
afterEach(() => api.close());

async function accept(externalId: string): Promise<{ id: string; paymentKey: string }> {
  const { body } = await postCommand(api.app, createCommand({ externalId }), `create-${externalId}`);
  return { id: body.command.id, paymentKey: body.command.payment.key };
}

function cancel(id: string) {
  const headers = { authorization: `Bearer ${SECRETS.all}` };
  return send(api.app, { method: 'POST', url: `/v1/commands/${id}/cancel`, headers });
}

/** A move of the mirror, as one statement of somebody else's transaction. */
async function move(db: Pick<PoolClient, 'query'>, key: string, version: number, to: string): Promise<void> {
  await db.query(
    `with moved as (
       update payments set status = $3, version = $2, cause = 'read', conomy_id = coalesce(conomy_id, 'at-conomy-' || key)
       where key = $1 returning key
     )
     insert into journal (payment_key, version, from_status, to_status, cause)
     select key, $2, null, $3, 'read' from moved`,
    [key, version, to],
  );
}

async function insertPayments(count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, () => randomUUID());
  await api.pool.query(
    'insert into payments (key, external_id) select key, key::text from unnest($1::uuid[]) as key',
    [keys],
  );
  return keys;
}

async function events(after: number, more = ''): Promise<{ events: Event[]; next: number }> {
  const { status, body } = await get(api.app, `/v1/events?after=${after}${more}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}
interface Event {
  id: string;
  position: number;
  paymentKey: string;
  sequence: number;
  type: string;
}

test('a payment tells its moves and the ends of its commands, numbered from one', async () => {
  api = await openApi();
  const { id, paymentKey } = await accept('order-1');
  await cancel(id);
  await move(api.pool, paymentKey, 1, 'CREATED');
  await move(api.pool, paymentKey, 2, 'SETTLED');

  const told = await events(0);
  const of = { paymentKey, externalId: 'order-1', at: expect.any(String) };
  const paymentId = `at-conomy-${paymentKey}`;
  expect(told).toEqual({
    events: [
      {
        ...of,
        id: 'evt_1',
        position: 1,
        sequence: 1,
        type: 'command.canceled',
        payment: { status: null, final: false },
        commandId: id,
        command: { id, type: 'payment.create' },
      },
      {
        ...of,
        id: 'evt_2',
        position: 2,
        sequence: 2,
        type: 'payment.moved',
        paymentId,
        payment: { status: 'CREATED', final: false },
      },
      {
        ...of,
        id: 'evt_3',
        position: 3,
        sequence: 3,
        type: 'payment.moved',
        paymentId,
        payment: { status: 'SETTLED', final: true },
      },
    ],
    next: 3,
    stream: expect.any(String),
  });
  expect(await events(3)).toEqual({ events: [], next: 3, stream: expect.any(String) });
  expect((await events(1, '&limit=1')).events.map(({ position }) => position)).toEqual([2]);
});

test('what is committed late is told later, and not skipped', async () => {
  api = await openApi();
  const [slow = '', quick = ''] = await insertPayments(2);
  const held = await api.pool.connect();
  try {
    await held.query('begin');
    await move(held, slow, 1, 'CREATED');
    await move(api.pool, quick, 1, 'CREATED');
    const first = await events(0);
    expect(first.events.map(({ paymentKey }) => paymentKey)).toEqual([quick]);
    await held.query('commit');
    const second = await events(first.next);
    expect(second.events.map(({ position, paymentKey }) => [position, paymentKey])).toEqual([[2, slow]]);
  } finally {
    held.release();
  }
});

test('readers beside writers whose commits come in any order see every position once and in order', async () => {
  api = await openApi();
  const another = await api.another();
  const keys = await insertPayments(12);
  const moves = 8;
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat({ max: 12 })), async (roundTrips) => {
      await api.pool.query('update payments set version = 0');
      const before = (await api.pool.query('select coalesce(max(position), 0) as last from events')).rows[0]
        .last;
      await api.pool.query('delete from journal');
      const writing = Promise.all(
        keys.map(async (key) => {
          for (let version = 1; version <= moves; version++) {
            const client = await api.pool.connect();
            await client.query('begin');
            await move(client, key, version, version % 2 === 1 ? 'CREATED' : 'CAPTURED');
            // So many questions later it commits: the order of the commits is not that of the moves.
            for (let left = roundTrips.next().value; left > 0; left--) await client.query('select');
            await client.query('commit');
            client.release();
          }
        }),
      );
      const expected = keys.length * moves;
      const read = async (app: ApiFixture['app']): Promise<Event[]> => {
        const seen: Event[] = [];
        for (let after = before; seen.length < expected; ) {
          const { body } = await get(app, `/v1/events?after=${after}&limit=7&wait=5`);
          seen.push(...body.events);
          after = body.next;
        }
        return seen;
      };
      const [first, second] = await Promise.all([read(api.app), read(another), writing]);
      expect(first.map(({ position }) => position - before)).toEqual(
        Array.from({ length: expected }, (_, nth) => nth + 1),
      );
      expect(second).toEqual(first);
      for (const ofPayment of Map.groupBy(first, ({ paymentKey }) => paymentKey).values())
        expect(ofPayment.map(({ sequence }) => sequence)).toEqual(
          ofPayment.map((_, nth) => (ofPayment[0]?.sequence ?? 0) + nth),
        );
    }),
    { numRuns: 3 },
  );
});

describe('a waiting reader', () => {
  test('is answered when something happens', async () => {
    api = await openApi();
    const { id } = await accept('order-1');
    const waiting = events(0, '&wait=30');
    await cancel(id);
    expect((await waiting).events.map(({ type }) => type)).toEqual(['command.canceled']);
  });

  test('is answered at once when something is there', async () => {
    api = await openApi();
    await cancel((await accept('order-1')).id);
    expect((await events(0, '&wait=30')).next).toBe(1);
  });

  test('is answered with nothing when its time is up', async () => {
    api = await openApi();
    expect(await events(0, '&wait=1')).toEqual({ events: [], next: 0, stream: expect.any(String) });
  });
});

test('fifty who wait are waked by one read, not by one each', async () => {
  api = await openApi();
  const { id } = await accept('order-1');
  const query = vi.spyOn(api.pool, 'query');
  const placings = () => query.mock.calls.filter(([text]) => String(text).includes('place_events')).length;
  const waiting = Array.from({ length: 50 }, () => events(0, '&wait=30'));
  await until(async () => placings() > 0, { deadlineMs: 10_000, what: 'those who wait have looked' });
  await cancel(id);
  for (const { next } of await Promise.all(waiting)) expect(next).toBe(1);
  expect(placings()).toBeLessThan(50);
});

test.each(['after=-1', 'after=x', 'after=1.5', 'limit=0', 'limit=201', 'wait=61', 'cursor=x'])(
  '?%s is refused',
  async (query) => {
    api = await openApi();
    expect((await get(api.app, `/v1/events?${query}`)).body).toMatchObject({ code: 'validation_failed' });
  },
);

test('a position beyond the newest is unknown, also to one who waits, and the newest is not', async () => {
  api = await openApi();
  const { id } = await accept('order-beyond');
  await cancel(id);
  const { next } = await events(0);
  expect(await events(next)).toMatchObject({ events: [], next });
  for (const more of ['', '&wait=30'])
    expect(await get(api.app, `/v1/events?after=${next + 1}${more}`)).toMatchObject({
      status: 409,
      body: { code: 'position_unknown' },
    });
});

test('every answer names the stream, the same in every process', async () => {
  api = await openApi();
  const first = await get(api.app, '/v1/events');
  const other = await get(await api.another(), '/v1/events');
  expect(first.body.stream).toMatch(/^[0-9a-f]{32}$/);
  expect(other.body.stream).toBe(first.body.stream);
});
