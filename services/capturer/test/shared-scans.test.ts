/** One scan of an account serves every unknown create that may be in it, whichever capturer holds its command. */
import { findCommand } from '@capstan/shared/db/commands';
import type { ObservedPayment, PaymentPage } from '@capstan/shared/provider/payment-provider';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import { shareScan } from '../src/shared-scans.ts';
import {
  type CapturerFixture,
  insertCreate,
  losingCreates,
  openCapturerFixture,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
let capturers: ReturnType<CapturerFixture['another']>[];

beforeAll(async () => {
  fixture = await openCapturerFixture();
  capturers = ['second', 'third'].map((name) => fixture.another(name));
});

afterAll(async () => {
  await Promise.all(capturers.map((capturer) => capturer.close()));
  await fixture.close();
});

const contexts = () => [fixture.context, ...capturers.map(({ context }) => context)] as const;

let accounts = 0;

/** A lane nobody scanned before, and the provider's list of it: each call stands still until the test answers it. */
function heldLane() {
  accounts += 1;
  const lane = { operation: 'create', accountNumber: `account-${accounts}`, type: 'COLLECT' } as const;
  const name = `create ${lane.accountNumber} COLLECT`;
  const calls: ((page: PaymentPage | null) => void)[] = [];
  let begun = 0;
  const listPayments: CapturerContext['provider']['listPayments'] = () => {
    begun += 1;
    return new Promise((resolve) => {
      calls.push((page) =>
        resolve(
          page === null
            ? { ok: false, failure: { stage: 'no_clear_answer', reason: 'reset' } }
            : { ok: true, value: page },
        ),
      );
    });
  };
  const asks = contexts().map((context) => {
    const held = { ...context, provider: { ...context.provider, listPayments } };
    return (externalId: string, signal = AbortSignal.timeout(20_000)) =>
      shareScan(held, lane, { externalId, firstStartedAt: new Date(), isWhole: false }, signal);
  });
  const count = async (what: string) => (await fixture.pool.query(what, [name])).rows.length;
  return {
    name,
    /** Of the first capturer, of the second, of the third. */
    asks: asks as [(typeof asks)[0], (typeof asks)[0], (typeof asks)[0]],
    begun: () => begun,
    answer: async (page: PaymentPage | null) => {
      const what = 'the list is called';
      await until(async () => calls.length > 0, { deadlineMs: 10_000, what });
      calls.shift()?.(page);
    },
    /** Resolves once so many wait for a scan of this lane, those being served included. */
    asked: (many: number) =>
      until(async () => (await count('select from scan_requests where lane = $1')) === many, {
        deadlineMs: 10_000,
        what: `${many} ask`,
      }),
  };
}

function pageOf(...externalIds: string[]): PaymentPage {
  const payments = externalIds.map(
    (externalId): ObservedPayment => ({ id: `id-${externalId}`, status: 'CREATED', externalId, raw: {} }),
  );
  return { payments, unreadableRows: 0, nextOffset: null };
}

const idsOf = ({ rows }: Awaited<ReturnType<typeof shareScan>>) => rows?.map(({ id }) => id);

describe('who asks', () => {
  test('while nobody scans is served at once and told what has its externalId', async () => {
    const lane = heldLane();
    const asked = lane.asks[0]('a');
    await lane.answer(pageOf('a', 'b'));
    expect(await asked).toMatchObject({ rows: [{ id: 'id-a' }], detail: { rows: 2 } });
  });

  test('while another capturer scans waits for the next scan, which serves all who waited', async () => {
    const lane = heldLane();
    const [first, second, third] = lane.asks;
    const served = first('a');
    await until(async () => lane.begun() === 1, { deadlineMs: 10_000, what: 'the first scan begins' });
    const waiting = [second('b'), third('c'), first('d')];
    await lane.asked(4);
    await lane.answer(pageOf('a', 'b'));
    expect(idsOf(await served)).toEqual(['id-a']);

    await lane.answer(pageOf('a', 'b', 'c'));
    expect((await Promise.all(waiting)).map(idsOf)).toEqual([['id-b'], ['id-c'], []]);
    expect(lane.begun()).toBe(2);
  });

  test('is told when the scan began, not when it was over', async () => {
    const lane = heldLane();
    const askedAtMs = performance.now();
    const asked = lane.asks[1]('a');
    await until(async () => lane.begun() === 1, { deadlineMs: 10_000, what: 'the scan begins' });
    const begunAtMs = performance.now();
    await lane.answer(pageOf());
    const { beganAtMs } = await asked;
    // A database clock of whole microseconds beside the process's own: a millisecond of grace.
    expect(beganAtMs).toBeGreaterThanOrEqual(askedAtMs - 1);
    expect(beganAtMs).toBeLessThanOrEqual(begunAtMs + 1);
  });

  test('in another lane waits for nobody', async () => {
    const [one, other] = [heldLane(), heldLane()];
    const asked = [one.asks[0]('a'), other.asks[1]('b')];
    await other.answer(pageOf('b'));
    expect(idsOf(await (asked[1] as (typeof asked)[0]))).toEqual(['id-b']);
    await one.answer(pageOf());
    await asked[0];
  });

  test('is told of a scan without an end, and the next scan runs', async () => {
    const lane = heldLane();
    const failing = lane.asks[0]('a');
    await until(async () => lane.begun() === 1, { deadlineMs: 10_000, what: 'the first scan begins' });
    const next = lane.asks[1]('b');
    await lane.asked(2);
    await lane.answer(null);
    expect(await failing).toMatchObject({ rows: null, detail: { reason: 'reset' } });
    await lane.answer(pageOf('b'));
    expect(idsOf(await next)).toEqual(['id-b']);
  });
});

describe('a capturer that died while it scanned', () => {
  const hold = ({ name }: { name: string }, until: string) =>
    fixture.pool.query(
      `insert into scan_lanes (lane, held_by, held_until) values ($1, 0, $2::timestamptz)
       on conflict (lane) do update set held_until = excluded.held_until`,
      [name, until],
    );

  test('keeps others away until its lease is over', async () => {
    const lane = heldLane();
    await hold(lane, 'infinity');
    const asked = lane.asks[0]('a');
    await lane.asked(1);
    await hold(lane, '-infinity');
    await lane.answer(pageOf('a'));
    expect(idsOf(await asked)).toEqual(['id-a']);
  });

  test('keeps nobody longer than their own time, and no request stays behind', async () => {
    const lane = heldLane();
    await hold(lane, 'infinity');
    const patience = new AbortController();
    const asked = lane.asks[0]('a', patience.signal);
    await lane.asked(1);
    patience.abort();
    expect(await asked).toMatchObject({ rows: null, detail: { reason: 'no_turn_in_time' } });
    await lane.asked(0);
    expect(lane.begun()).toBe(0);
  });

  test('and is alive again answers whom it took along, also while another one scans', async () => {
    const lane = heldLane();
    const served = lane.asks[0]('a');
    await until(async () => lane.begun() === 1, { deadlineMs: 10_000, what: 'the first scan begins' });
    await hold(lane, '-infinity');
    const other = lane.asks[1]('b');
    await until(async () => lane.begun() === 2, { deadlineMs: 10_000, what: 'the second scan begins' });
    await lane.answer(pageOf('a', 'b'));
    expect(idsOf(await served)).toEqual(['id-a']);
    await lane.answer(pageOf('b'));
    expect(idsOf(await other)).toEqual(['id-b']);
    await lane.asked(0);
  });

  test('one that lives has the lane again with each page', async () => {
    const lane = heldLane();
    const asked = lane.asks[0]('a');
    await until(async () => lane.begun() === 1, { deadlineMs: 10_000, what: 'the first page is called' });
    await fixture.pool.query(`update scan_lanes set held_until = '-infinity' where lane = $1`, [lane.name]);
    await lane.answer({ ...pageOf('x'), nextOffset: 50 });
    await until(async () => lane.begun() === 2, { deadlineMs: 10_000, what: 'the second page is called' });
    const { rows } = await fixture.pool.query(
      'select held_until > capstan_now() as "isHeld" from scan_lanes where lane = $1',
      [lane.name],
    );
    expect(rows).toEqual([{ isHeld: true }]);
    await lane.answer(pageOf('a'));
    expect(idsOf(await asked)).toEqual(['id-a']);
  });
});

test('creates of one account whose answers were lost are found by a few scans over all capturers, one at a time', async () => {
  const { provider } = fixture.context;
  let scans = 0;
  let underWay = 0;
  let atOnce = 0;
  const losing: CapturerContext['provider'] = {
    ...losingCreates(provider),
    listPayments: async (...call) => {
      if (call[1].offset === 0) scans += 1;
      underWay += 1;
      atOnce = Math.max(atOnce, underWay);
      try {
        return await provider.listPayments(...call);
      } finally {
        underWay -= 1;
      }
    },
  };
  const losers = contexts().map((context) => ({ ...context, provider: losing }));
  const ids = await Promise.all(
    Array.from({ length: 40 }, async () => (await insertCreate(fixture.pool, { then: [] })).id),
  );
  await Promise.all(
    ids.map((id, nth) =>
      until(
        async () => {
          await executeCommand(losers[nth % losers.length] as CapturerContext, id);
          return (await findCommand(fixture.pool, id))?.status === 'succeeded';
        },
        { deadlineMs: 30_000, what: `command ${id} succeeds` },
      ),
    ),
  );
  expect(scans).toBeGreaterThan(0);
  expect(scans).toBeLessThan(20);
  expect(atOnce).toBe(1);
  const { rows } = await fixture.pool.query(
    'select id::text from scan_requests union all select lane from scan_lanes where held_by > 0',
  );
  expect(rows).toEqual([]);
});
