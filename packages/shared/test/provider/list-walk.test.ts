/** One rule says when a list was seen whole, whatever list it is and however it changes while it is walked. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IdSet } from '../../src/provider/id-set.ts';
import type { ListOrder } from '../../src/provider/list-walk.ts';
import type { ObservedPayment, PaymentPage, ProviderResult } from '../../src/provider/payment-provider.ts';
import { walkList } from '../../src/provider/walk-list.ts';

type Told = Partial<PaymentPage> | { fails: number; reason?: string };

const row = (id: string): ObservedPayment => ({ id, status: 'CREATED', raw: {} });
const rows = (...ids: string[]) => ({ payments: ids.map(row) });

function pageOf(told: Partial<PaymentPage>): ProviderResult<PaymentPage> {
  return { ok: true, value: { payments: [], unreadableRows: 0, nextOffset: null, ...told } };
}

/** Walks a list that answers so, call for call, and with the last of them from then on. */
async function walk(answers: Told[], order: ListOrder = 'oldest_first') {
  const asked: string[] = [];
  const seen = new Set<string>();
  const walked = await walkList({
    order,
    ask: async ({ limit, offset }) => {
      const told = answers[Math.min(asked.length, answers.length - 1)] as Told;
      asked.push(`${offset}+${limit}`);
      if (!('fails' in told)) return pageOf(told);
      const { fails: httpStatus, reason = `http_${httpStatus}` } = told;
      return { ok: false, failure: { stage: 'answered', reason, httpStatus } };
    },
    visit: async ({ fresh }) => {
      for (const { id } of fresh) seen.add(id);
    },
  });
  const { end } = walked;
  return { end: end.kind === 'gap' ? end.gap.reason : end.kind, asked, seen: [...seen], walked };
}

const EMPTY: Told = {};

describe('a list is whole', () => {
  test.each<[what: string, Told[], asked: string[]]>([
    ['when its first page is empty', [EMPTY], ['0+500']],
    ['when an empty page follows', [rows('a', 'b'), rows('c'), EMPTY], ['0+500', '2+500', '3+500']],
    [
      'behind a total that lags',
      [{ ...rows('a', 'b'), total: 2 }, rows('c'), EMPTY],
      ['0+500', '2+500', '3+500'],
    ],
    [
      'behind a page of known rows alone',
      [rows('a', 'b'), { ...rows('a', 'b'), isPaginated: true }, rows('c'), EMPTY],
      ['0+500', '2+500', '4+500', '5+500'],
    ],
    ['in one page that knows no offset', [rows('a', 'b')], ['0+500', '2+500']],
    ['with as many rows as its summary counts', [{ ...rows('a', 'b'), summaryRows: 2 }], ['0+500', '2+500']],
    [
      'in pages of fifty where more are refused',
      [{ fails: 400 }, rows('a'), EMPTY],
      ['0+500', '0+50', '1+50'],
    ],
    [
      'in pages of fifty where more are too long to read',
      [{ fails: 200, reason: 'answer_too_large' }, EMPTY],
      ['0+500', '0+50'],
    ],
    [
      'when a second walk brings what the first one lacked',
      [{ ...rows('a'), total: 2 }, EMPTY, { ...rows('b'), total: 2 }, EMPTY],
      ['0+500', '1+500', '0+500', '1+500'],
    ],
    [
      'when its second walk tells no total and brings what the first one lacked',
      [{ ...rows('a'), total: 2 }, EMPTY, rows('b'), EMPTY],
      ['0+500', '1+500', '0+500', '1+500'],
    ],
    [
      'when its second walk tells that there is less by now',
      [{ ...rows('a'), total: 2 }, EMPTY, { ...rows('a'), total: 1 }, EMPTY],
      ['0+500', '1+500', '0+500', '1+500'],
    ],
  ])('%s', async (_when, answers, asked) => {
    expect(await walk(answers)).toMatchObject({ end: 'whole', asked });
  });
});

describe('a list is not whole', () => {
  test.each<[what: string, Told[], end: string]>([
    ['with a row that cannot be read', [{ ...rows('a'), unreadableRows: 1 }, EMPTY], 'unreadable_rows'],
    [
      'with fewer rows than its first page told',
      [{ ...rows('a'), total: 2 }, EMPTY, rows('a'), { total: 2 }],
      'rows_missing',
    ],
    ['with fewer rows than its last page told', [rows('a'), { total: 2 }], 'rows_missing'],
    [
      'when its second walk tells no total and brings nothing that the first one lacked',
      [{ ...rows('a'), total: 2 }, EMPTY, rows('a'), EMPTY],
      'rows_missing',
    ],
    [
      'when its second walk brings nothing at all',
      [{ ...rows('a'), total: 2 }, EMPTY, { ...EMPTY, total: 0 }],
      'rows_missing',
    ],
    ['with fewer rows than its summary counts', [{ ...rows('a'), summaryRows: 2 }], 'rows_missing'],
    [
      'when it tells the same page at three offsets',
      [{ ...rows('a'), isPaginated: true }],
      'same_page_again',
    ],
    [
      'when it tells nothing but rows that cannot be read',
      [{ unreadableRows: 1, isPaginated: true }],
      'same_page_again',
    ],
    ['when a page fails', [rows('a'), { fails: 503 }], 'failed'],
    ['when pages of fifty are refused as well', [{ fails: 400 }], 'failed'],
  ])('%s', async (_when, answers, end) => {
    expect(await walk(answers)).toMatchObject({ end });
  });
});

test('the next page begins behind every row of this one, readable or not, and every row counts', async () => {
  const mixed: Told[] = [{ ...rows('a', 'b'), unreadableRows: 3 }, rows('c'), EMPTY];
  const { asked, walked } = await walk(mixed);
  expect(asked).toEqual(['0+500', '5+500', '6+500']);
  expect(walked.place).toMatchObject({ pages: 3, rows: 6, unreadableRows: 3 });
});

test('a provider that does not know the offset is asked three times, and a page that came before once more is none', async () => {
  expect((await walk([{ ...rows('a', 'b'), isPaginated: true }])).asked).toEqual(['0+500', '2+500', '4+500']);
  // Only the second page of a walk can be the first one again.
  const later = await walk([rows('a'), rows('b'), rows('b'), rows('c'), EMPTY]);
  expect(later).toMatchObject({ end: 'whole', seen: ['a', 'b', 'c'] });
});

test('an empty page at the end takes nothing back of the total that was told', async () => {
  const once: Told[] = [{ ...rows('a'), total: 1 }, { ...rows('b'), total: 3 }, EMPTY];
  expect(await walk([...once, ...once])).toMatchObject({ end: 'rows_missing' });
});

test('a list that is told newest first owes only what its first page told', async () => {
  const grows: Told[] = [{ ...rows('b', 'a'), total: 2 }, { total: 3 }];
  expect(await walk(grows, 'newest_first')).toMatchObject({ end: 'whole' });
  expect(await walk(grows, 'oldest_first')).toMatchObject({ end: 'rows_missing' });
});

test('a walk goes on from its place, and knows what it saw before', async () => {
  const { walked, end } = await walk([{ ...rows('a', 'b'), total: 3 }, { fails: 503 }]);
  expect(end).toBe('failed');
  const offsets: number[] = [];
  const { ids, ...place } = walked.place;
  const goneOn = await walkList({
    order: 'oldest_first',
    from: { ...(JSON.parse(JSON.stringify(place)) as typeof place), ids: IdSet.fromBytes(ids.toBytes()) },
    ask: async ({ offset }) => {
      offsets.push(offset);
      return pageOf(offset === 2 ? { ...rows('c'), total: 3 } : {});
    },
  });
  expect([offsets, goneOn.end]).toEqual([[2, 3], { kind: 'whole' }]);
});

test('a walk is over where its visitor stops it', async () => {
  const offsets: number[] = [];
  const { end } = await walkList({
    order: 'newest_first',
    ask: async ({ offset }) => {
      offsets.push(offset);
      return pageOf(rows(`row-${offset}`));
    },
    visit: async ({ rows: [first] }, stop) => {
      if (first?.id === 'row-1') stop();
    },
  });
  expect([offsets, end]).toEqual([[0, 1], { kind: 'stopped' }]);
});

test('a walk tells when its last page was answered, and whether a cache may have kept it', async () => {
  const answeredAt = new Date('2026-05-11T02:00:00Z');
  const { walked } = await walk([rows('a'), { answeredAt, isAged: true }]);
  expect(walked).toMatchObject({ answeredAt, isAged: true });
});

/** A provider whose list changes between two calls, in pages of its own size, with a total that may lag behind. */
const listings = fc.record({
  rowsAtFirst: fc.integer({ min: 0, max: 60 }),
  pageRows: fc.integer({ min: 1, max: 20 }),
  order: fc.constantFrom<ListOrder>('oldest_first', 'newest_first'),
  /** Where new rows are put: above, or at the end, or (a provider that knows no sort) on the other side. */
  insertsAbove: fc.boolean(),
  insertedBefore: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }),
  totalLags: fc.option(fc.integer({ min: 0, max: 30 }), { nil: null }),
});

test('whatever is inserted while a list is walked, one seen whole holds every row that was there when the walk began', async () => {
  await fc.assert(
    fc.asyncProperty(
      listings,
      async ({ rowsAtFirst, pageRows, order, insertsAbove, insertedBefore, totalLags }) => {
        const listed = Array.from({ length: rowsAtFirst }, (_, nth) => `first-${nth}`);
        const atFirst = [...listed];
        const seen = new Set<string>();
        let calls = 0;
        const { end } = await walkList({
          order,
          ask: async ({ offset }) => {
            const burst = Array.from(
              { length: insertedBefore[calls] ?? 0 },
              (_, nth) => `later-${calls}-${nth}`,
            );
            if (calls > 0) listed.splice(insertsAbove ? 0 : listed.length, 0, ...burst);
            calls += 1;
            const total = totalLags === null ? {} : { total: Math.max(0, listed.length - totalLags) };
            return pageOf({
              ...rows(...listed.slice(offset, offset + pageRows)),
              isPaginated: true,
              ...total,
            });
          },
          visit: async ({ fresh }) => {
            for (const { id } of fresh) seen.add(id);
          },
        });
        if (end.kind === 'whole') expect(atFirst.filter((id) => !seen.has(id))).toEqual([]);
        // What is inserted comes to an end, and the rule with it, unless a page came three times.
        else
          expect(end).toMatchObject({
            kind: 'gap',
            gap: { reason: expect.stringMatching(/same_page_again|rows_missing/) },
          });
      },
    ),
    { numRuns: 500 },
  );
});

test('whatever is taken out or moved while a list is walked, one seen whole holds as many rows as its first page told', async () => {
  const changes = fc.array(fc.record({ from: fc.nat(40), to: fc.nat(40), removes: fc.boolean() }), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 10 }),
      changes,
      async (count, size, moves) => {
        const listed = Array.from({ length: count }, (_, nth) => `row-${nth}`);
        let calls = 0;
        let firstTotal = 0;
        const { end, place } = await walkList({
          order: 'oldest_first',
          ask: async ({ offset }) => {
            const move = moves[calls];
            calls += 1;
            if (move !== undefined) {
              const [taken] = listed.splice(move.from, 1);
              if (taken !== undefined && !move.removes) listed.splice(move.to, 0, taken);
            }
            if (offset === 0) firstTotal = listed.length;
            return pageOf({ ...rows(...listed.slice(offset, offset + size)), total: listed.length });
          },
        });
        if (end.kind === 'whole') expect(place.ids.size).toBeGreaterThanOrEqual(firstTotal);
      },
    ),
    { numRuns: 300 },
  );
});

describe('the ids that were seen', () => {
  test('are what a set of them would hold, also after they were written down', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (added, asked) => {
        const set = new Set<string>();
        const ids = new IdSet();
        for (const id of added) expect(ids.add(id)).toBe(!set.has(id) && set.add(id).has(id));
        const again = IdSet.fromBytes(ids.toBytes());
        for (const known of [ids, again]) {
          expect(known.size).toBe(set.size);
          for (const id of [...added, ...asked]) expect(known.has(id)).toBe(set.has(id));
        }
      }),
    );
  });

  test('of a hundred thousand rows take eight bytes each where they are kept', () => {
    const ids = new IdSet();
    for (let nth = 0; nth < 100_000; nth++) ids.add(`id-${nth}`);
    expect([ids.size, ids.toBytes().length]).toEqual([100_000, 800_000]);
  });
});
