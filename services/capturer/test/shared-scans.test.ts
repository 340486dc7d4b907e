/** One scan of an account serves every unknown create that may be in it, whichever capturer holds its command. */
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import type { ScanLane } from '@capstan/shared/db/scan-lanes';
import { answerScan, collectScan, requestScan, takeLane } from '@capstan/shared/db/scans';
import type { ObservedPayment, PaymentPage } from '@capstan/shared/provider/payment-provider';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import { joinScan } from '../src/shared-scans.ts';
import {
  type CapturerFixture,
  insertCreate,
  insertLostCreate,
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

type Told = ObservedPayment[] | null;
type Ask = (who: number, attempt: LostCreate, over?: object) => ReturnType<typeof joinScan>;
type LostCreate = Awaited<ReturnType<typeof insertLostCreate>>;

let accounts = 0;

/** A lane nobody scanned before, and the provider's list of it: each page stands still until the test tells it. */
function heldLane(look: ScanLane['look'] = 'whole') {
  accounts += 1;
  const lane: ScanLane = { operation: 'create', accountNumber: `account-${accounts}`, type: 'COLLECT', look };
  const name = `${look} create ${lane.accountNumber} COLLECT`;
  const calls: ((page: Told) => void)[] = [];
  const offsets: number[] = [];
  const listPayments: CapturerContext['provider']['listPayments'] = (_filter, { offset }) => {
    offsets.push(offset);
    return new Promise((resolve) => {
      calls.push((rows) => {
        const page: PaymentPage = {
          payments: rows ?? [],
          unreadableRows: 0,
          nextOffset: null,
          isPaginated: true,
        };
        resolve(
          rows === null
            ? { ok: false, failure: { stage: 'no_clear_answer', reason: 'reset' } }
            : { ok: true, value: page },
        );
      });
    });
  };
  const ask: Ask = (who, { attemptId, externalId }, over = {}) => {
    const context = contexts()[who] as CapturerContext;
    const held = { ...context, provider: { ...context.provider, listPayments }, ...over };
    const request = { attemptId, externalId, firstStartedAt: new Date() };
    return joinScan(held, lane, request, AbortSignal.timeout(20_000));
  };
  const begins = (calls: number) =>
    until(async () => offsets.length === calls, { deadlineMs: 10_000, what: `page ${calls} is asked for` });
  return {
    name,
    offsets,
    ask,
    begins,
    tell: async (...pages: Told[]) => {
      for (const page of pages) {
        await until(async () => calls.length > 0, { deadlineMs: 10_000, what: 'a page is asked for' });
        calls.shift()?.(page);
      }
    },
    change: (set: string) => fixture.pool.query(`update scan_lanes set ${set} where lane = $1`, [name]),
  };
}

const lost = () => insertLostCreate(fixture.pool);
const rowOf = ({ externalId }: Pick<LostCreate, 'externalId'>): ObservedPayment => ({
  id: `id-${externalId}`,
  status: 'CREATED',
  externalId,
  raw: {},
});
const other = (id: string): ObservedPayment => ({ id, status: 'CREATED', externalId: id, raw: {} });

const idsOf = (joined: Awaited<ReturnType<typeof joinScan>>) =>
  joined.kind === 'shown' ? joined.shown.rows.map(({ id }) => id) : joined.kind;

/** Whether the command, which gave its claim back, is due. */
const isDue = async ({ id }: LostCreate) => {
  const { rows } = await fixture.pool.query(
    'select due_at <= capstan_now() as due from commands where id = $1',
    [id],
  );
  return rows[0]?.due as boolean;
};

/** As the command does that is told to wait. */
const defer = ({ id }: LostCreate) =>
  fixture.pool.query(
    `update commands set claimed_until = null, due_at = capstan_now() + interval '30 seconds' where id = $1`,
    [id],
  );

/** One turn ends after each page. */
const shortTurns = () => ({ timings: { ...fixture.context.timings, scanTurnMs: 0 } });

describe('who asks', () => {
  test('while nobody scans is served at once, and told what may be theirs', async () => {
    const lane = heldLane();
    const a = await lost();
    const asked = lane.ask(0, a);
    await lane.tell([rowOf(a), other('b')], []);
    expect(await asked).toMatchObject({
      shown: { rows: [{ id: `id-${a.externalId}` }], end: 'whole', answered: true, process: 'test-worker' },
    });
  });

  test('while another capturer scans waits in no slot, and one of those who wait is due when it is over', async () => {
    const lane = heldLane();
    const [a, b, c] = [await lost(), await lost(), await lost()];
    const served = lane.ask(0, a);
    await lane.begins(1);
    for (const [who, waiting] of [b, c].entries()) {
      expect(await lane.ask(who + 1, waiting)).toEqual({ kind: 'waits', dueMs: 30_000 });
      await defer(waiting);
    }
    await lane.tell([rowOf(a), rowOf(b)], []);
    expect(idsOf(await served)).toEqual([`id-${a.externalId}`]);
    expect([await isDue(b), await isDue(c)]).toEqual([true, false]);

    const next = lane.ask(1, b);
    await lane.tell([rowOf(a), rowOf(b), rowOf(c)], []);
    expect(idsOf(await next)).toEqual([`id-${b.externalId}`]);
    expect(await isDue(c)).toBe(true);
    expect(idsOf(await lane.ask(2, c))).toEqual([`id-${c.externalId}`]);
    expect(lane.offsets).toEqual([0, 2, 0, 3]);
  });

  test('is told by whose clock the scan began, and when', async () => {
    const lane = heldLane();
    const a = await lost();
    const askedAtMs = performance.now();
    const asked = lane.ask(1, a);
    await lane.begins(1);
    const begunAtMs = performance.now();
    await lane.tell([]);
    const joined = await asked;
    if (joined.kind !== 'shown') throw new Error('nothing was shown');
    expect(joined.shown.process).toBe('second');
    expect(joined.shown.processMs).toBeGreaterThanOrEqual(askedAtMs);
    expect(joined.shown.processMs).toBeLessThanOrEqual(begunAtMs);
  });

  test('in another lane waits for nobody', async () => {
    const [one, two] = [heldLane(), heldLane()];
    const [a, b] = [await lost(), await lost()];
    const first = one.ask(0, a);
    await one.begins(1);
    const second = two.ask(1, b);
    await two.tell([]);
    expect(idsOf(await second)).toEqual([]);
    await one.tell([]);
    await first;
  });

  test('has one read of one scan: what was told once is not told again', async () => {
    const lane = heldLane();
    const a = await lost();
    const asked = lane.ask(0, a);
    await lane.tell([]);
    await asked;
    const again = lane.ask(0, a);
    await lane.tell([rowOf(a)], []);
    expect(idsOf(await again)).toEqual([`id-${a.externalId}`]);
  });
});

describe('a scan too long for one turn', () => {
  test('goes on where it stopped, in whichever capturer, and is a read of the one that began it', async () => {
    const lane = heldLane();
    const [a, b] = [await lost(), await lost()];
    for (const [who, page] of [[other('x')], [rowOf(a)]].entries()) {
      const turn = lane.ask(who, a, shortTurns());
      await lane.tell(page);
      expect(await turn).toEqual({ kind: 'waits', dueMs: 0 });
    }
    // Who asks now asks after the scan began, and carries it on for the others.
    const last = lane.ask(2, b, shortTurns());
    await lane.tell([]);
    expect(await last).toEqual({ kind: 'waits', dueMs: 0 });
    expect(lane.offsets).toEqual([0, 1, 2]);
    const told = await lane.ask(0, a);
    expect([idsOf(told), told]).toMatchObject([
      [`id-${a.externalId}`],
      { shown: { end: 'whole', process: 'test-worker', detail: { rows: 2, pages: 3 } } },
    ]);
  });

  test('goes on after a page that failed, which only its own command is told of', async () => {
    const lane = heldLane();
    const a = await lost();
    const failing = lane.ask(0, a);
    await lane.tell([other('x')], null);
    expect(await failing).toMatchObject({
      shown: { end: 'open', answered: false, rows: [], detail: { reason: 'reset' } },
    });
    const next = lane.ask(1, a);
    await lane.tell([rowOf(a)], []);
    expect(idsOf(await next)).toEqual([`id-${a.externalId}`]);
    expect(lane.offsets).toEqual([0, 1, 1, 2]);
  });

  test.each([
    ['is older than thirty minutes', `begun_at = capstan_now() - interval '31 minutes'`],
    ['is of a clock that was set back since', `begun_at = capstan_now() + interval '1 hour'`],
  ])('begins anew for all who ask by then when its place %s', async (_when, set) => {
    const lane = heldLane();
    const [a, b] = [await lost(), await lost()];
    const begun = lane.ask(0, a, shortTurns());
    await lane.tell([rowOf(a)]);
    await begun;
    await lane.change(set);
    const anew = lane.ask(1, b);
    await lane.tell([rowOf(b)], []);
    expect(idsOf(await anew)).toEqual([`id-${b.externalId}`]);
    expect(lane.offsets).toEqual([0, 0, 1]);
    expect(idsOf(await lane.ask(0, a))).toEqual([]);
  });

  test.each([
    ['after so many rows', () => ({ scanRowsMax: 2 }), ''],
    ['after so long a time in which it was told', () => ({}), 'answered_ms = 7200000'],
  ])('is given up %s', async (_when, over, set) => {
    const lane = heldLane();
    const a = await lost();
    const timings = { ...shortTurns().timings, ...over() };
    const first = lane.ask(0, a, { timings });
    await lane.tell([other('x')]);
    await first;
    if (set !== '') await lane.change(set);
    const second = lane.ask(1, a, { timings });
    await lane.tell([other('y')]);
    expect(await second).toMatchObject({ shown: { end: 'too_long', answered: true } });
  });

  test('is no reason to give up on those who come when its own have gone', async () => {
    const lane = heldLane();
    const [a, b] = [await lost(), await lost()];
    const first = lane.ask(0, a, shortTurns());
    await lane.tell([other('x')]);
    await first;
    await lane.change(`answered_ms = 7200000, begun_at = capstan_now() - interval '1 day'`);
    await fixture.pool.query(
      `update commands set status = 'parked', offer_at = null, problem = '{}' where id = $1`,
      [a.id],
    );
    const anew = lane.ask(1, b, shortTurns());
    await lane.tell([other('y')]);
    expect(await anew).toEqual({ kind: 'waits', dueMs: 0 });
  });
});

test('a first look that fails is told to all it was made for, and keeps no place', async () => {
  const lane = heldLane('first');
  const [a, b] = [await lost(), await lost()];
  const first = lane.ask(0, a);
  await lane.tell([other('x')], null);
  expect(await first).toMatchObject({ shown: { end: 'open', answered: false, detail: { reason: 'reset' } } });
  const next = lane.ask(1, b);
  await lane.tell([rowOf(b)], []);
  expect(await next).toMatchObject({ shown: { end: 'open', rows: [{ externalId: b.externalId }] } });
  expect(lane.offsets).toEqual([0, 1, 0, 1]);
});

describe('a capturer that died while it scanned', () => {
  test('keeps others away until its lease is over, and nobody in a slot', async () => {
    const lane = heldLane();
    const a = await lost();
    await fixture.pool.query(
      `insert into scan_lanes (lane, held_by, held_until, takes) values ($1, 0, 'infinity', 1)`,
      [lane.name],
    );
    expect(await lane.ask(0, a)).toEqual({ kind: 'waits', dueMs: 30_000 });
    await lane.change(`held_until = '-infinity'`);
    const asked = lane.ask(0, a);
    await lane.tell([rowOf(a)], []);
    expect(idsOf(await asked)).toEqual([`id-${a.externalId}`]);
  });

  test('and is alive again tells nobody anything while another one scans', async () => {
    const lane = heldLane();
    const [a, b] = [await lost(), await lost()];
    const sleeper = lane.ask(0, a);
    await lane.begins(1);
    await lane.change(`held_until = '-infinity'`);
    const scans = lane.ask(1, b);
    await lane.begins(2);
    await lane.tell([], [rowOf(a), rowOf(b)]);
    expect(await sleeper).toEqual({ kind: 'waits', dueMs: 0 });
    await lane.tell([]);
    expect(idsOf(await scans)).toEqual([`id-${b.externalId}`]);
    expect(idsOf(await lane.ask(0, a))).toEqual([`id-${a.externalId}`]);
  });

  test('one that lives has the lane again with each page', async () => {
    const lane = heldLane();
    const a = await lost();
    const asked = lane.ask(0, a);
    await lane.begins(1);
    await lane.change(`held_until = '-infinity'`);
    await lane.tell([other('x')]);
    await lane.begins(2);
    const { rows } = await fixture.pool.query(
      'select held_until > capstan_now() as "isHeld" from scan_lanes where lane = $1',
      [lane.name],
    );
    expect(rows).toEqual([{ isHeld: true }]);
    await lane.tell([]);
    await asked;
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
    `select r.id::text from scan_requests r join attempts a on a.id = r.attempt_id where a.command_id = any($1)`,
    [ids],
  );
  expect(rows).toEqual([]);
});

test('a create that is absent is sent again also when its reads are made by three capturers in turn', async () => {
  const { provider } = fixture.context;
  const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
  let sent = 0;
  const losesFirst: CapturerContext['provider'] = {
    ...provider,
    createPayment: async (...call) => {
      sent += 1;
      return sent === 1
        ? { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } }
        : provider.createPayment(...call);
    },
  };
  // Each capturer has a clock of its own, which says nothing to the others.
  const fleet = contexts().map((context, nth) => ({
    ...context,
    provider: losesFirst,
    monotonicMs: () => performance.now() + nth * 1_000_000,
  }));
  let turns = 0;
  await until(
    async () => {
      await executeCommand(fleet[turns++ % fleet.length] as CapturerContext, id);
      return (await findCommand(fixture.pool, id))?.status === 'succeeded';
    },
    { deadlineMs: 25_000, what: 'the create is sent again' },
  );
  expect(sent).toBe(2);
  const { rows } = await fixture.pool.query(
    `select r.process, max(r.process_ms) - min(r.process_ms) as ms, count(*)::int as reads from attempt_reads r
     join attempts a on a.id = r.attempt_id where a.command_id = $1 and r.finding = 'absent' group by 1`,
    [id],
  );
  expect(rows.length).toBeGreaterThan(1);
  expect(rows.every(({ ms }) => ms < 100_000)).toBe(true);
  expect(Math.max(...rows.map(({ ms }) => ms))).toBeGreaterThanOrEqual(
    fixture.context.timings.absence.spanMsMin,
  );
  expect((await findAttemptsOfCommand(fixture.pool, id)).map(({ resolution }) => resolution)).toEqual([
    'retryable',
    null,
  ]);
  expect((await fixture.control('ledger')) as object).toMatchObject({
    payments: expect.arrayContaining([expect.objectContaining({ externalId })]),
  });
});

test('a create that took effect on an account that goes on and on is found and not sent again', async () => {
  const { provider } = fixture.context;
  const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
  const rows: ObservedPayment[] = [];
  let sent = 0;
  let made = 0;
  const others = (many: number) => {
    for (let nth = 0; nth < many; nth++) rows.unshift(rowOf({ externalId: `other-${made++}` }));
  };
  const busy: CapturerContext['provider'] = {
    ...provider,
    createPayment: async (...call) => {
      sent += 1;
      const created = await provider.createPayment(...call);
      if (created.ok) rows.push(created.value);
      others(60);
      return { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };
    },
    listPayments: async (_filter, { offset }) => {
      const page = { payments: rows.slice(offset, offset + 50), unreadableRows: 0, nextOffset: null };
      const told = { ok: true as const, value: { ...page, total: rows.length } };
      // As many come in above between two pages as a page holds, until the list is read for the third time.
      if (made < 400) others(50);
      return told;
    },
  };
  await until(
    async () => {
      await executeCommand({ ...fixture.context, provider: busy }, id);
      return (await findCommand(fixture.pool, id))?.status === 'succeeded';
    },
    { deadlineMs: 20_000, what: 'the create is found' },
  );
  expect(sent).toBe(1);
  const { payments } = (await fixture.control('ledger')) as { payments: { externalId: string }[] };
  expect(payments.filter((payment) => payment.externalId === externalId)).toHaveLength(1);
});

describe('a lost create that is never told apart', () => {
  test.each([
    ['', () => ({})],
    [' and holds what may be it', (externalId: string) => ({ externalId: externalId.slice(0, 12) })],
  ])('for its account is too long%s is parked for a person', async (_what, like) => {
    const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
    const { absence, ...timings } = fixture.context.timings;
    let asked = 0;
    const endless: CapturerContext['provider'] = {
      ...fixture.context.provider,
      createPayment: async () => ({ ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } }),
      listPayments: async (_filter, { limit, offset }) => {
        asked += 1;
        const payments = Array.from({ length: limit }, (_, nth) => ({
          ...other(`r${offset + nth}`),
          ...like(externalId),
        }));
        return { ok: true, value: { payments, unreadableRows: 0, nextOffset: null, total: 300_000 } };
      },
    };
    const context = {
      ...fixture.context,
      provider: endless,
      timings: { ...timings, absence, scanTurnMs: 0, scanRowsMax: 5_000 },
    };
    await until(
      async () => {
        await executeCommand(context, id);
        return (await findCommand(fixture.pool, id))?.status === 'parked';
      },
      { deadlineMs: 20_000, what: 'it is parked' },
    );
    expect(await findCommand(fixture.pool, id)).toMatchObject({ problem: { code: 'scan_too_long' } });
    expect(asked).toBeLessThan(20);
    expect((await findAttemptsOfCommand(fixture.pool, id)).map(({ resolution }) => resolution)).toEqual([
      'parked',
    ]);
  });
});

describe('a request that moves to another lane', () => {
  const scan = { begunAt: 'now', process: 'scanner', processMs: 0 };
  const told = (requests: { id: number }[]) => ({
    answer: { end: 'whole' },
    found: new Map(requests.map(({ id }) => [id, [{ id: 'p1' }]])),
    graceMs: 0,
  });
  async function takenLane(look: ScanLane['look']) {
    const { pool } = fixture;
    const { name } = heldLane(look);
    const lost = await insertLostCreate(pool);
    const request = { ...lost, firstStartedAt: new Date() };
    await requestScan(pool, name, request);
    const taken = await takeLane(pool, name, 10_000);
    if (taken === null) throw new Error('the lane is taken');
    return { pool, request, taken };
  }

  test('is not answered by the scan it has left, which no longer knows what it showed', async () => {
    const { pool, request, taken } = await takenLane('whole');
    await requestScan(pool, `first ${taken.lane}`, request);
    await answerScan(pool, taken, scan, told(taken.requests));
    expect(await collectScan(pool, request.attemptId)).toBeNull();
  });

  test('keeps an answer that came just before, with its rows', async () => {
    const { pool, request, taken } = await takenLane('first');
    await answerScan(pool, taken, scan, told(taken.requests));
    await requestScan(pool, `whole ${taken.lane}`, request);
    expect(await collectScan(pool, request.attemptId)).toMatchObject({ rows: [{ id: 'p1' }] });
  });
});
