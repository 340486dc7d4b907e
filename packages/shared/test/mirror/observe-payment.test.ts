import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deferRead, lockPayment, takeDueReads } from '../../src/db/payments.ts';
import type { Pool } from '../../src/db/pool.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import {
  factsOf,
  type ObservationResult,
  type ObservedFacts,
  observePayment,
} from '../../src/mirror/observe-payment.ts';
import { parseJsonBytes } from '../../src/provider/conomy/json.ts';
import { parsePayment } from '../../src/provider/conomy/schema.ts';
import { readJob } from '../../src/queue/catalogue.ts';
import { insertCommand, insertPayment, openDatabaseFixture, readRow } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture({ max: 20 });
  pool = fixture.pool;
});
afterAll(() => fixture.close());

function observe(key: string, told: Partial<ObservedFacts>): Promise<ObservationResult> {
  const facts: ObservedFacts = {
    source: 'read',
    status: 'CREATED',
    conomyId: `conomy-${key}`,
    snapshot: {},
    sourceId: null,
    askedAtVersion: null,
    ...told,
  };
  return inTransaction(pool, async (tx) => {
    const payment = await lockPayment(tx, key);
    if (payment === null) throw new Error(`payment ${key} has no row`);
    return observePayment(tx, payment, facts, 0.5);
  });
}

const payment = (key: string) => readRow(pool, 'payments', 'key', key);

/** The next read that is behind lies far enough from the one before to be counted. */
const passReadBehind = (key: string) =>
  pool.query(`update payments set read_behind_at = read_behind_at - interval '5 seconds' where key = $1`, [
    key,
  ]);

async function discrepancies(key: string): Promise<string[]> {
  const { rows } = await pool.query(
    'select * from discrepancies where payment_key = $1 order by opened_at, kind',
    [key],
  );
  return rows.map(
    ({ kind, status, times_seen, mirror, provider }) =>
      `${kind} ${status} ×${times_seen}: ${mirror.status} here, ${provider.status} there`,
  );
}

async function journal(key: string): Promise<string[]> {
  const { rows } = await pool.query('select * from journal where payment_key = $1 order by version', [key]);
  return rows.map((row) => `${row.version} ${row.from_status}→${row.to_status} by ${row.cause}`);
}

// Random, because PostgreSQL compresses what repeats before it measures an index entry.
const long = () => randomBytes(4_000).toString('base64');

test.each([
  ['a status and a type of thousands of letters', { status: long(), type: long() }],
  ['letters that cannot be kept', { status: 'A\0B', type: '\ud83d', externalId: '\0', currency: '\0' }],
  ['an instant farther from UTC than PostgreSQL takes', { createdAt: '2026-05-10T00:00:00+23:00' }],
  ['a day that no calendar has', { createdAt: '2026-02-30T00:00:00Z' }],
  ['other members of any kind', { [long()]: long(), '\0': { '\udc00': ['\0'] }, parentPaymentId: long() }],
])('the mirror takes %s', async (_what, odd) => {
  const key = await insertPayment(pool);
  const told = parsePayment({ id: `conomy-${key}`, status: 'CAPTURED', ...odd });
  if (told === null) throw new Error('the payment is not read');
  await observe(key, factsOf(told));
  expect(await payment(key)).toMatchObject({ conomy_id: `conomy-${key}`, status: told.status, version: 1 });
  // The same again is the same state.
  await observe(key, factsOf(told));
  expect(await journal(key)).toHaveLength(1);
});

test.each([
  ['thousands of letters', long()],
  ['no letter at all', '\0'],
  ['half a letter', '\ud83d'],
])('an id of %s names no payment', (_what, id) => {
  expect(parsePayment({ id, status: 'CAPTURED' })).toBeNull();
});

test('an amount that Conomy writes as a number is the amount it writes as a text, too fine a one as well', async () => {
  const key = await insertPayment(pool);
  const told = (totalAmount: unknown) => {
    const bytes = Buffer.from(
      `{"id":"conomy-${key}","status":"CAPTURED","currency":"COP","totalAmount":${totalAmount}}`,
    );
    const read = parsePayment(parseJsonBytes(bytes));
    if (read === null) throw new Error('the payment is not read');
    return factsOf(read);
  };
  await observe(key, told('10.505'));
  await observe(key, told('"10.505"'));
  await observe(key, told('10.505'));
  expect(await discrepancies(key)).toEqual(['inexact_amount open ×3: CAPTURED here, CAPTURED there']);
  const { rows } = await pool.query('select mirror, provider from discrepancies where payment_key = $1', [
    key,
  ]);
  expect(rows).toMatchObject([{ mirror: { totalAmount: '10.505' }, provider: { totalAmount: '10.505' } }]);
});

describe('an observation that moves the mirror', () => {
  test('writes status, version, cause and one line of the journal', async () => {
    const key = await insertPayment(pool);
    await observe(key, {
      source: 'answer',
      status: 'CREATED',
      snapshot: { id: `conomy-${key}`, status: 'CREATED', totalAmount: '5.00' },
    });
    await observe(key, { source: 'delivery', status: 'CAPTURED', snapshot: null, sourceId: 'delivery-1' });
    await observe(key, { status: 'SETTLED', snapshot: { settledAt: '2026-05-18T10:00:00Z' } });
    expect(await payment(key)).toMatchObject({
      conomy_id: `conomy-${key}`,
      status: 'SETTLED',
      final: true,
      version: 3,
      cause: 'read',
      offer_at: null,
      snapshot: { status: 'SETTLED', totalAmount: '5.00', settledAt: '2026-05-18T10:00:00Z' },
    });
    expect(await journal(key)).toEqual([
      '1 null→CREATED by answer',
      '2 CREATED→CAPTURED by delivery',
      '3 CAPTURED→SETTLED by read',
    ]);
  });

  test('offers a read at once when the payment is RECEIVED, and soon when it is CAPTURED', async () => {
    const key = await insertPayment(pool, { status: 'CREATED' });
    expect((await observe(key, { status: 'CAPTURED', source: 'answer' })).read).toEqual(
      readJob(key, 1, 0, 250),
    );
    expect((await observe(key, { status: 'RECEIVED', source: 'delivery' })).read).toEqual(readJob(key, 2, 0));
  });

  test('out of a review makes the step due that the review held', async () => {
    const key = await insertPayment(pool, { status: 'REQUIRES_REVIEW' });
    const id = await insertCommand(pool, { paymentKey: key, dueMs: 60_000, offerMs: 60_000 });
    await pool.query(`update commands set status = 'executing', waits_for = 'review' where id = $1`, [id]);
    const isDue = async () =>
      (
        await pool.query(
          'select due_at <= capstan_now() and offer_at <= capstan_now() as due from commands where id = $1',
          [id],
        )
      ).rows[0].due;
    await observe(key, { status: 'REQUIRES_REVIEW' });
    expect(await isDue()).toBe(false);
    await observe(key, { status: 'CAPTURED', source: 'delivery', snapshot: null });
    expect(await isDue()).toBe(true);
  });

  test('leaves a slow read to the relay', async () => {
    const key = await insertPayment(pool);
    expect((await observe(key, { status: 'CREATED', source: 'answer' })).read).toBeNull();
    const { offer_at, moved_at } = (await payment(key)) as Record<string, Date>;
    expect((offer_at?.getTime() ?? 0) - (moved_at?.getTime() ?? 0)).toBe(600_000);
  });
});

test('a status nobody knows is no way back: what was known before it still counts', async () => {
  const key = await insertPayment(pool);
  await observe(key, { source: 'answer', status: 'CREATED' });
  await observe(key, { source: 'answer', status: 'CAPTURED' });
  await observe(key, { status: 'ON_HOLD' });
  const lagging = await observe(key, { status: 'CREATED' });
  expect(lagging.move).toEqual({ kind: 'stale' });
  expect(await payment(key)).toMatchObject({ status: 'ON_HOLD' });
  expect(lagging.read).not.toBeNull();
  await observe(key, { status: 'RECEIVED' });
  expect(await journal(key)).toEqual([
    '1 null→CREATED by answer',
    '2 CREATED→CAPTURED by answer',
    '3 CAPTURED→ON_HOLD by read',
    '4 ON_HOLD→RECEIVED by read',
  ]);
});

describe('an observation that does not', () => {
  test('of the same status by a delivery changes nothing at all', async () => {
    const key = await insertPayment(pool, { status: 'CAPTURED' });
    const before = await payment(key);
    expect(await observe(key, { source: 'delivery', status: 'CAPTURED' })).toEqual({
      move: { kind: 'unchanged' },
      differs: [],
      isCompared: false,
      isAmountOpen: false,
      discrepancies: [],
      read: null,
    });
    expect(await payment(key)).toEqual(before);
  });

  test('of the same status by a read takes the newest fields and schedules the next read later', async () => {
    const key = await insertPayment(pool, { status: 'CAPTURED', snapshot: { description: 'old' } });
    const waits = [];
    for (let n = 0; n < 4; n++)
      waits.push(
        (await observe(key, { status: 'CAPTURED', snapshot: { description: 'new' } })).read?.delayMs,
      );
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
    expect(await payment(key)).toMatchObject({ version: 0, reads: 4, snapshot: { description: 'new' } });
  });

  test('of a final state by a delivery only causes a read', async () => {
    const key = await insertPayment(pool, { status: 'CAPTURED' });
    const { move, read } = await observe(key, { source: 'delivery', status: 'SETTLED' });
    expect(move).toEqual({ kind: 'read', why: 'final' });
    expect(read).toMatchObject({ id: `${key}-0-1`, delayMs: 0 });
    expect(await payment(key)).toMatchObject({ status: 'CAPTURED', version: 0 });
  });

  test('causes reads at a capped rate when it is repeated', async () => {
    const key = await insertPayment(pool, { status: 'CAPTURED' });
    const waits = [];
    for (let n = 0; n < 12; n++) {
      await observe(key, { source: 'delivery', status: 'SETTLED' });
      const { offer_at, updated_at } = (await payment(key)) as Record<string, Date>;
      waits.push((offer_at?.getTime() ?? 0) - (updated_at?.getTime() ?? 0));
    }
    expect(waits.slice(0, 3)).toEqual([5_000, 5_250, 5_500]);
    expect(Math.max(...waits)).toBe(30_000);
  });

  test('of another amount moves nothing; the same amount written otherwise does', async () => {
    const key = await insertPayment(pool, {
      status: 'CREATED',
      snapshot: { totalAmount: '30000.00', currency: 'COP' },
    });
    const differs = await observe(key, {
      source: 'delivery',
      status: 'CAPTURED',
      totalAmount: '30000.01',
      currency: 'COP',
    });
    expect(differs.move).toEqual({ kind: 'read', why: 'amount_differs' });
    const otherCurrency = await observe(key, {
      source: 'delivery',
      status: 'CAPTURED',
      totalAmount: '30000.00',
      currency: 'USD',
    });
    expect(otherCurrency.move).toEqual({ kind: 'read', why: 'amount_differs' });
    const same = await observe(key, {
      source: 'delivery',
      status: 'CAPTURED',
      totalAmount: '30000',
      currency: 'COP',
    });
    expect(same.move.kind).toBe('moved');
  });

  test('older than the mirror does not overwrite what is known', async () => {
    const key = await insertPayment(pool, { status: 'RECEIVED', snapshot: { description: 'newest' } });
    expect((await observe(key, { status: 'CAPTURED', snapshot: { description: 'lagging' } })).move).toEqual({
      kind: 'stale',
    });
    expect(await payment(key)).toMatchObject({ status: 'RECEIVED', snapshot: { description: 'newest' } });
  });
});

describe('what was asked for before the mirror last moved', () => {
  test.each(['read', 'answer', 'operator'] as const)(
    'by %s moves nothing and overwrites nothing; where it would have, the payment is read',
    async (source) => {
      const key = await insertPayment(pool, { status: 'REQUIRES_REVIEW' });
      await observe(key, { status: 'CREATED', askedAtVersion: 0, snapshot: { totalAmount: '5.00' } });
      const old = { source, askedAtVersion: 0, totalAmount: '9.00', currency: 'COP', snapshot: { a: 1 } };
      const { move, read } = await observe(key, { ...old, status: 'CAPTURED' });
      expect(move).toEqual({ kind: 'read', why: source === 'answer' ? 'amount_differs' : 'overtaken' });
      expect(read?.data).toMatchObject({ paymentKey: key, version: 1 });
      await observe(key, { ...old, status: 'CREATED' });
      const row = await payment(key);
      expect(row).toMatchObject({ status: 'CREATED', version: 1 });
      expect(row.snapshot).toMatchObject({ totalAmount: '5.00' });
      expect(row.snapshot).not.toHaveProperty('a');
      expect(await journal(key)).toEqual(['1 REQUIRES_REVIEW→CREATED by read']);
      expect(await discrepancies(key)).toEqual([]);
    },
  );
});

describe('a final state', () => {
  test('contradicted by a read stays and opens a discrepancy', async () => {
    const key = await insertPayment(pool, { status: 'SETTLED', snapshot: { totalAmount: '5.00' } });
    const { move, read } = await observe(key, { status: 'FAILED', snapshot: { totalAmount: '0.00' } });
    expect([move.kind, read]).toEqual(['alarm', null]);
    expect(await payment(key)).toMatchObject({
      status: 'SETTLED',
      version: 0,
      offer_at: null,
      snapshot: { totalAmount: '5.00' },
    });
    expect(await discrepancies(key)).toEqual(['final_contradicted open ×1: SETTLED here, FAILED there']);
  });

  test('is read again when a read tells a state before it, and told to a person when reads over time say the same', async () => {
    const key = await insertPayment(pool, { status: 'SETTLED' });
    for (let read = 1; read < 10; read++) {
      // Another one right after it counts as the same.
      for (const { move, read: next } of [
        await observe(key, { status: 'CAPTURED', askedAtAgeMs: 3_600_000 }),
        await observe(key, { status: 'CAPTURED', askedAtAgeMs: 3_600_000 }),
      ])
        expect([move.kind, next !== null || (await payment(key)).offer_at !== null]).toEqual(['read', true]);
      await passReadBehind(key);
    }
    expect(await discrepancies(key)).toEqual([]);
    await observe(key, { status: 'CAPTURED', askedAtAgeMs: 3_600_000 });
    expect(await discrepancies(key)).toEqual(['final_contradicted open ×1: SETTLED here, CAPTURED there']);
    expect(await payment(key)).toMatchObject({ status: 'SETTLED' });
  });

  test('that one read was behind is as good as ever after one that agrees', async () => {
    const key = await insertPayment(pool, { status: 'SETTLED' });
    await observe(key, { status: 'CAPTURED', askedAtAgeMs: 3_600_000 });
    expect(await payment(key)).toMatchObject({ reads_behind: 1 });
    await observe(key, { status: 'SETTLED' });
    expect(await payment(key)).toMatchObject({ reads_behind: 0, offer_at: null });
  });

  test('that was contradicted keeps the discrepancy when later reads agree again, or contradict again', async () => {
    const key = await insertPayment(pool, { status: 'SETTLED' });
    await observe(key, { status: 'FAILED' });
    await observe(key, { status: 'SETTLED' });
    await observe(key, { status: 'EXPIRED' });
    expect(await payment(key)).toMatchObject({ status: 'SETTLED' });
    expect(await discrepancies(key)).toEqual(['final_contradicted open ×2: SETTLED here, EXPIRED there']);
  });

  test('is left when an operator takes what a read told, and not otherwise', async () => {
    const key = await insertPayment(pool, { status: 'SETTLED' });
    await observe(key, { status: 'FAILED', source: 'operator', sourceId: 'the-discrepancy' });
    expect(await payment(key)).toMatchObject({ status: 'FAILED', cause: 'operator', version: 1 });
    expect(await journal(key)).toEqual(['1 SETTLED→FAILED by operator']);
  });
});

test('a clock that stepped does not let one late read take a payment back, and a review that nobody saw is believed over time', async () => {
  const key = await insertPayment(pool, { status: 'CAPTURED' });
  const late = { status: 'CREATED', askedAtAgeMs: 3_600_000 };
  for (let read = 1; read < 10; read++) {
    expect((await observe(key, late)).move.kind).toBe('read');
    expect(await payment(key)).toMatchObject({ status: 'CAPTURED' });
    await passReadBehind(key);
  }
  expect((await observe(key, late)).move.kind).toBe('moved');
  expect(await payment(key)).toMatchObject({ status: 'CREATED', reads_behind: 0 });
});

describe('a discrepancy', () => {
  test.each([
    ['ON_HOLD', 'unknown_status'],
    ['DISPUTED', 'disputed'],
    ['REVERSED', 'reversed'],
  ])('of the status %s is opened by a read and explained by a later one', async (status, kind) => {
    const key = await insertPayment(pool, { status: 'CAPTURED' });
    await observe(key, { source: 'answer', status: 'CAPTURED' });
    await observe(key, { status });
    await observe(key, { status });
    expect(await discrepancies(key)).toEqual([`${kind} open ×1: CAPTURED here, ${status} there`]);
    await observe(key, { status: 'SETTLED' });
    expect(await discrepancies(key)).toEqual([`${kind} explained ×1: CAPTURED here, ${status} there`]);
  });

  test('of a provider that went back is opened when no lag explains it, and explained when it is ahead again', async () => {
    const key = await insertPayment(pool, { status: 'RECEIVED' });
    await observe(key, { status: 'CAPTURED' });
    expect(await discrepancies(key)).toEqual([]);
    const late = { status: 'CAPTURED', askedAtAgeMs: 60_000 };
    for (let read = 1; read < 10; read++) {
      expect((await observe(key, late)).move.kind).toBe('read');
      await passReadBehind(key);
    }
    expect(await discrepancies(key)).toEqual([]);
    await observe(key, late);
    expect(await payment(key)).not.toMatchObject({ offer_at: null });
    await observe(key, late);
    expect(await discrepancies(key)).toEqual(['went_back open ×2: RECEIVED here, CAPTURED there']);
    await observe(key, { status: 'RECEIVED' });
    expect(await discrepancies(key)).toEqual(['went_back explained ×2: RECEIVED here, CAPTURED there']);
  });

  test('of another amount is opened by the read, which the mirror follows', async () => {
    const snapshot = { totalAmount: '30000.00', currency: 'COP' };
    const key = await insertPayment(pool, { status: 'CAPTURED', snapshot });
    const other = { totalAmount: '29000.00', currency: 'COP' };
    const { discrepancies: kinds } = await observe(key, { status: 'CAPTURED', ...other, snapshot: other });
    expect(kinds).toEqual(['amount_differs']);
    expect(await payment(key)).toMatchObject({ snapshot: other });
    await observe(key, { status: 'SETTLED', ...other, snapshot: other });
    expect(await discrepancies(key)).toEqual(['amount_differs open ×1: CAPTURED here, CAPTURED there']);
  });

  test('is not opened when the first word of a payment takes off the fees it lists', async () => {
    const asked = { totalAmount: '1900.00', currency: 'COP' };
    const told = { totalAmount: '1890.50', currency: 'COP' };
    const [listed, unlisted] = [
      await insertPayment(pool, { snapshot: asked }),
      await insertPayment(pool, { snapshot: asked }),
    ];
    await observe(listed, { ...told, snapshot: { ...told, fees: [{ name: 'fee', amount: '9.50' }] } });
    await observe(unlisted, { ...told, snapshot: told });
    expect(await discrepancies(listed)).toEqual([]);
    expect(await discrepancies(unlisted)).toEqual(['amount_differs open ×1: null here, CREATED there']);
  });

  test('of an amount finer than its currency is opened, and the amount kept as text', async () => {
    const key = await insertPayment(pool, { status: 'CAPTURED' });
    const fine = { totalAmount: '100.005', currency: 'COP' };
    await observe(key, { status: 'CAPTURED', ...fine, snapshot: fine });
    expect(await payment(key)).toMatchObject({ snapshot: fine });
    expect(await discrepancies(key)).toEqual(['inexact_amount open ×1: CAPTURED here, CAPTURED there']);
  });
});

describe('an id', () => {
  test('is bound once and never changed', async () => {
    const key = await insertPayment(pool, { status: 'CREATED' });
    await observe(key, { status: 'CAPTURED', conomyId: 'another' });
    expect(await payment(key)).toMatchObject({ conomy_id: `conomy-${key}` });
  });

  test('that another key holds is refused and nothing is written', async () => {
    const [other, key] = [await insertPayment(pool, { status: 'CREATED' }), await insertPayment(pool)];
    const before = await payment(key);
    const observing = observe(key, { source: 'answer', conomyId: `conomy-${other}` });
    await expect(observing).rejects.toMatchObject({ constraint: 'payments_conomy_id_key' });
    expect(await payment(key)).toEqual(before);
  });
});

test('twenty observers at once move the mirror forward only, without a gap in its versions', async () => {
  const key = await insertPayment(pool);
  const told: Partial<ObservedFacts>[] = [
    { source: 'answer', status: 'CREATED' },
    { source: 'answer', status: 'CAPTURED' },
    { source: 'delivery', status: 'CAPTURED' },
    { source: 'delivery', status: 'RECEIVED' },
    { source: 'delivery', status: 'SETTLED' },
    { status: 'CREATED' },
    { status: 'CAPTURED' },
    { status: 'REQUIRES_REVIEW' },
    { status: 'RECEIVED' },
    { status: 'SETTLED' },
  ];
  await Promise.all([...told, ...told].map((facts) => observe(key, facts)));
  const moves = await journal(key);
  expect(moves.map((line) => Number(line.split(' ')[0]))).toEqual(moves.map((_, index) => index + 1));
  expect(moves.at(-1)).toMatch(/→SETTLED by read$/);
  expect(moves.filter((line) => line.includes('SETTLED'))).toHaveLength(1);
  expect(await payment(key)).toMatchObject({ status: 'SETTLED', version: moves.length });
});

describe('due reads', () => {
  test('go to one taker each and come again after their grace', async () => {
    await pool.query('update payments set offer_at = null');
    const keys = await Promise.all(
      Array.from({ length: 20 }, () => insertPayment(pool, { status: 'CAPTURED' })),
    );
    await pool.query('update payments set offer_at = capstan_now() where key = any($1)', [keys]);
    const takes = await Promise.all(Array.from({ length: 5 }, () => takeDueReads(pool, 3, 60_000)));
    for (const taken of takes) expect(taken.length).toBeLessThanOrEqual(3);
    const rest = await takeDueReads(pool, 100, 60_000);
    expect([...takes.flat(), ...rest].map(({ key }) => key).sort()).toEqual(keys.sort());
    expect(await takeDueReads(pool, 100, 60_000)).toEqual([]);
  });

  test('that failed are put off and counted', async () => {
    const key = await insertPayment(pool, { status: 'CAPTURED' });
    await deferRead(pool, key, 0);
    expect((await takeDueReads(pool, 100, 60_000)).find((due) => due.key === key)).toEqual({
      key,
      version: 0,
      reads: 1,
    });
  });
});
