import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  findDelivery,
  markDeliveryApplied,
  type NewDelivery,
  type StoredDelivery,
  storeDeliveries,
  takeDueDeliveries,
} from '../../src/db/deliveries.ts';
import type { Pool } from '../../src/db/pool.ts';
import { insertPayment, openDatabaseFixture, readRow } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());

function delivery(text: string = randomUUID(), conomyId: string | null = null): NewDelivery {
  return {
    id: randomUUID(),
    covered: Buffer.from(text),
    signature: randomBytes(32),
    form: 'body',
    event: 'Transaction.Captured',
    conomyId,
    externalId: null,
    status: 'CAPTURED',
  };
}

const GRACE_MS = 5_000;

async function storeDelivery(db: Pool, given: NewDelivery, graceMs: number): Promise<StoredDelivery> {
  const [stored] = await storeDeliveries(db, [given], graceMs);
  if (!stored) throw new Error('nothing was stored');
  return stored;
}

describe('a delivery', () => {
  test('keeps its covered text byte for byte', async () => {
    const given = delivery('{"é": "\\u0000"}\r\n');
    const { id, timesReceived } = await storeDelivery(pool, given, GRACE_MS);
    expect([id, timesReceived]).toEqual([given.id, 1]);
    const stored = await findDelivery(pool, id);
    expect(stored?.covered?.equals(given.covered)).toBe(true);
  });

  test('of the same covered text is counted under its first id', async () => {
    const first = await storeDelivery(pool, delivery('same'), GRACE_MS);
    expect(await storeDelivery(pool, delivery('same'), GRACE_MS)).toEqual({ id: first.id, timesReceived: 2 });
    expect(await storeDelivery(pool, delivery('other'), GRACE_MS)).toMatchObject({ timesReceived: 1 });
  });

  test('is counted exactly, also when it arrives twenty times at once', async () => {
    const stored = await Promise.all(
      Array.from({ length: 20 }, () => storeDelivery(pool, delivery('burst'), GRACE_MS)),
    );
    expect(new Set(stored.map(({ id }) => id)).size).toBe(1);
    expect(stored.map(({ timesReceived }) => timesReceived).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    );
  });

  test('that comes twice in one list is counted twice, and each has its answer', async () => {
    const [twin, other] = [delivery('twin'), delivery('single')];
    const stored = await storeDeliveries(pool, [twin, other, delivery('twin')], GRACE_MS);
    expect(stored).toEqual([
      { id: twin.id, timesReceived: 2 },
      { id: other.id, timesReceived: 1 },
      { id: twin.id, timesReceived: 2 },
    ]);
    expect(await storeDeliveries(pool, [delivery('single'), delivery('twin')], GRACE_MS)).toEqual([
      { id: other.id, timesReceived: 2 },
      { id: twin.id, timesReceived: 3 },
    ]);
  });

  test('lists that hold the same messages in other orders wait for each other and never both', async () => {
    const texts = Array.from({ length: 30 }, (_, nth) => `crossing-${nth}`);
    const lists = [texts, texts.toReversed(), texts.slice(10), texts.toReversed().slice(10)];
    await Promise.all(
      lists.map((list) =>
        storeDeliveries(
          pool,
          list.map((text) => delivery(text)),
          GRACE_MS,
        ),
      ),
    );
    const { rows } = await pool.query(
      `select sum(times_received)::int as times from webhook_deliveries where convert_from(body, 'UTF8') like 'crossing-%'`,
    );
    expect(rows).toEqual([{ times: 100 }]);
  });

  test('once applied is not offered again', async () => {
    const paymentKey = await insertPayment(pool);
    const stored = await storeDelivery(pool, delivery(), GRACE_MS);
    await markDeliveryApplied(pool, { ...stored, paymentKey, result: 'moved', againMs: null });
    expect(await readRow(pool, 'webhook_deliveries', 'id', stored.id)).toMatchObject({
      offer_at: null,
      result: 'moved',
      payment_key: paymentKey,
    });
  });

  test('that came again while it was being applied stays due', async () => {
    const given = delivery();
    const stored = await storeDelivery(pool, given, GRACE_MS);
    await storeDelivery(pool, given, GRACE_MS);
    await markDeliveryApplied(pool, { ...stored, paymentKey: null, result: 'ignored', againMs: null });
    expect((await readRow(pool, 'webhook_deliveries', 'id', stored.id)).offer_at).toBeInstanceOf(Date);
  });
});

test('taking due deliveries hands each to one taker only and never more than asked for', async () => {
  await pool.query('update webhook_deliveries set offer_at = null');
  const due = await Promise.all(Array.from({ length: 30 }, () => storeDelivery(pool, delivery(), 0)));
  const takes = await Promise.all(Array.from({ length: 6 }, () => takeDueDeliveries(pool, 4, 60_000)));
  for (const taken of takes) expect(taken.length).toBeLessThanOrEqual(4);
  const ids = [...takes.flat(), ...(await takeDueDeliveries(pool, 100, 60_000))].map(({ id }) => id);
  expect(ids.sort()).toEqual(due.map(({ id }) => id).sort());
});
