/** What one turn of a scan lists and shows, whatever happens to the list meanwhile. */
import type { ScanLane } from '@capstan/shared/db/scan-lanes';
import type { OpenScanRequest, TakenLane } from '@capstan/shared/db/scans';
import type {
  ObservedPayment,
  PaymentFilter,
  PaymentPage,
  PaymentProvider,
  ProviderResult,
} from '@capstan/shared/provider/payment-provider';
import { describe, expect, test } from 'vitest';
import { scanCreated } from '../src/scan-created.ts';

const NOW = new Date('2026-05-11T02:00:20Z');
const FIRST = new Date('2026-05-11T02:00:00Z');

const rowOf = (n: number, over: Partial<ObservedPayment> = {}): ObservedPayment => ({
  id: `id-${n}`,
  externalId: `ext-${n}`,
  status: 'CREATED',
  createdAt: new Date(FIRST.getTime() + n).toISOString(),
  raw: {},
  ...over,
});

const asking = (externalId: string, id = 1): OpenScanRequest => ({
  id,
  attemptId: id,
  externalId,
  firstStartedAt: FIRST,
  asked: { externalId, purchaseAmount: '5.00', purchaseCurrency: 'MXN' },
});

type Ask = (filter: PaymentFilter, page: { limit: number; offset: number }) => ProviderResult<PaymentPage>;

/** One turn of a scan against a provider whose list answers so. */
async function scan(
  ask: Ask,
  {
    look = 'whole',
    requests = [asking('ext-0')],
    underWay = null,
    isOver = () => false,
    readPayment,
  }: {
    look?: ScanLane['look'];
    requests?: OpenScanRequest[];
    underWay?: TakenLane['underWay'];
    isOver?: () => boolean;
    readPayment?: PaymentProvider['readPayment'];
  } = {},
) {
  const asked: { filter: PaymentFilter; limit: number; offset: number }[] = [];
  const provider = {
    readPayment,
    listPayments: async (filter, page) => {
      asked.push({ filter, ...page });
      return ask(filter, page);
    },
  } as PaymentProvider;
  const lane: ScanLane = { operation: 'create', accountNumber: 'a', type: 'COLLECT', look };
  const bounds = { beforeCall: async () => {}, isOver, signal: new AbortController().signal };
  const turn = await scanCreated(provider, lane, { requests, underWay, now: NOW }, bounds);
  return { asked, turn, idsOf: (request = 1) => turn.found.get(request)?.map(({ id }) => id) ?? [] };
}

function pageOf(payments: ObservedPayment[], over: Partial<PaymentPage> = {}): ProviderResult<PaymentPage> {
  return { ok: true, value: { payments, unreadableRows: 0, nextOffset: null, isPaginated: true, ...over } };
}

const refused = (httpStatus: number): ProviderResult<never> => ({
  ok: false,
  failure: { stage: 'answered', reason: `http_${httpStatus}`, httpStatus },
});

describe('a list that grows while it is scanned', () => {
  test.each([0, 10, 49, 50, 60, 120, 200])(
    'shows its oldest row although %i rows come in above before the fifth page',
    async (burst) => {
      let rows = Array.from({ length: 300 }, (_, n) => rowOf(n)).reverse();
      let calls = 0;
      const { turn, idsOf } = await scan((_filter, { offset }) => {
        calls += 1;
        if (calls === 5) rows = [...Array.from({ length: burst }, (_, n) => rowOf(1_000 + n)), ...rows];
        return pageOf(rows.slice(offset, offset + 50), { total: rows.length });
      });
      expect(turn.end).toEqual({ kind: 'whole' });
      expect(idsOf()).toEqual(['id-0']);
    },
  );

  test('is not whole while a row of it is missing, and is walked once more for it', async () => {
    const { turn, asked } = await scan((_filter, { offset }) =>
      pageOf(offset === 0 ? [rowOf(1)] : [], { total: 2 }),
    );
    expect(turn.end).toMatchObject({ kind: 'gap', gap: { reason: 'rows_missing' } });
    expect(asked.map(({ offset }) => offset)).toEqual([0, 1, 0, 1]);
  });
});

describe('the days of a scan', () => {
  const daysOf = ({ fromDay, toDay }: PaymentFilter) =>
    [fromDay, toDay].map((day) => day?.toISOString().slice(0, 10));

  test.each(['first', 'whole'] as const)(
    'are one more on either side also in a %s look, for a provider at UTC−5, −3 or +14',
    async (look) => {
      const { asked } = await scan(() => pageOf([]), { look });
      expect(daysOf(asked[0]?.filter ?? {})).toEqual(['2026-05-10', '2026-05-12']);
    },
  );

  test('begin with the oldest attempt of all who ask, and with the one before where clocks may differ about its day', async () => {
    const lateAsked = { ...asking('ext-1', 2), firstStartedAt: new Date('2026-05-14T12:00:00Z') };
    const several = await scan(() => pageOf([]), { requests: [lateAsked, asking('ext-0'), lateAsked] });
    expect(several.asked[0]?.filter.fromDay).toEqual(new Date('2026-05-10T01:50:00Z'));
    const rightAfterMidnight = { ...asking('ext-0'), firstStartedAt: new Date('2026-05-11T00:09:00Z') };
    const { asked } = await scan(() => pageOf([]), { requests: [rightAfterMidnight] });
    expect(daysOf(asked[0]?.filter ?? {})[0]).toBe('2026-05-09');
  });

  test.each([-5, -3, 14])('hold a payment that is made at once, at UTC%i', async (offsetHours) => {
    const localDay = new Date(FIRST.getTime() + offsetHours * 3_600_000).toISOString().slice(0, 10);
    const { idsOf } = await scan(({ fromDay, toDay }, { offset }) => {
      const [from = '', to = ''] = daysOf({ fromDay, toDay });
      return pageOf(offset === 0 && from <= localDay && localDay <= to ? [rowOf(0)] : []);
    });
    expect(idsOf()).toEqual(['id-0']);
  });
});

test('a first look lists newest first as far as the first attempt, a whole one oldest first to its end', async () => {
  const old = rowOf(7, { createdAt: '2026-05-11T01:40:00Z' });
  const first = await scan((_filter, { offset }) => pageOf(offset === 0 ? [rowOf(0)] : [old]), {
    look: 'first',
  });
  expect(first.asked.map(({ filter, offset }) => [filter.sort, offset])).toEqual([
    ['createdAt:desc', 0],
    ['createdAt:desc', 1],
  ]);
  expect(first.turn.end).toEqual({ kind: 'stopped' });
  const whole = await scan((_filter, { offset }) => pageOf(offset === 0 ? [old] : []));
  expect(whole.asked.map(({ filter, offset }) => [filter.sort, offset])).toEqual([
    ['createdAt:asc', 0],
    ['createdAt:asc', 1],
  ]);
});

test('five hundred rows are asked for, fifty where that is refused, and what comes is taken', async () => {
  const { asked, turn } = await scan((_filter, { limit, offset }) =>
    limit > 50 ? refused(400) : pageOf(offset < 4 ? [rowOf(offset), rowOf(offset + 1)] : []),
  );
  expect(asked.map(({ limit, offset }) => [limit, offset])).toEqual([
    [500, 0],
    [50, 0],
    [50, 2],
    [50, 4],
  ]);
  expect(turn.end).toEqual({ kind: 'whole' });
});

test('a turn that is over keeps its place, and the next one asks for the same days from there', async () => {
  const list: Ask = (_filter, { offset }) => pageOf(offset < 3 ? [rowOf(offset)] : [], { total: 3 });
  const one = await scan(list, { isOver: () => true });
  expect([one.turn.end, one.idsOf()]).toEqual([{ kind: 'stopped' }, ['id-0']]);
  const begun = { begunAt: '2026-05-11', process: 'one', processMs: 0 };
  const two = await scan(list, { underWay: { ...begun, place: one.turn.place } });
  expect(two.asked.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  expect(two.asked[0]?.filter).toEqual(one.asked[0]?.filter);
  expect([two.turn.end, two.idsOf()]).toEqual([{ kind: 'whole' }, []]);
});

describe('a row', () => {
  test('whose externalId may be ours is shown beside those whose is, to everybody who asks for it', async () => {
    const rows = [
      rowOf(1, { externalId: 'invoice-2026-1' }),
      rowOf(2, { externalId: 'invoice-' }),
      rowOf(3, { externalId: 'invoice' }),
      rowOf(4, { externalId: ' caf\u00e9 ' }),
    ];
    const requests = [asking('invoice-2026-1', 1), asking('invoice-2026-2', 2), asking('cafe\u0301', 3)];
    const { idsOf } = await scan((_filter, { offset }) => pageOf(offset === 0 ? rows : []), { requests });
    expect([idsOf(1), idsOf(2), idsOf(3)]).toEqual([['id-1', 'id-2'], ['id-2'], ['id-4']]);
  });

  test('of the very externalId is shown however many may be ours', async () => {
    const cut = Array.from({ length: 60 }, (_, n) => rowOf(n + 1, { externalId: 'ext-0-of' }));
    const rows = [...cut, rowOf(0, { externalId: 'ext-0-of-many' })];
    const { idsOf } = await scan((_filter, { offset }) => pageOf(offset === 0 ? rows : []), {
      requests: [asking('ext-0-of-many')],
    });
    expect(idsOf()).toContain('id-0');
    expect(idsOf().length).toBeLessThan(30);
  });

  test('that does not name its externalId is read whole, unless it is too old to be ours', async () => {
    const bare = { externalId: undefined as never };
    const rows = [rowOf(1, bare), rowOf(2, { ...bare, createdAt: '2026-05-09T23:00:00Z' })];
    const read: string[] = [];
    const { turn, idsOf } = await scan((_filter, { offset }) => pageOf(offset === 0 ? rows : []), {
      readPayment: async (id) => {
        read.push(id);
        return { ok: true, value: rowOf(1, { externalId: 'ext-0' }) };
      },
    });
    expect([read, idsOf(), turn.end]).toEqual([['id-1'], ['id-1'], { kind: 'whole' }]);
  });

  test('whose externalId even a whole read does not tell is shown to everybody whose payment it may be', async () => {
    const bare = { externalId: undefined as never };
    const rows = [
      rowOf(1, { ...bare, purchaseAmount: '5.0' }),
      rowOf(2, bare),
      rowOf(3, { ...bare, purchaseAmount: '6.00' }),
      rowOf(4, { ...bare, purchaseAmount: '5.00', purchaseCurrency: 'USD' }),
    ];
    const { turn, idsOf } = await scan((_filter, { offset }) => pageOf(offset === 0 ? rows : []), {
      requests: [asking('ext-7', 1), asking('ext-8', 2)],
      // What a row names and its whole read lacks still counts.
      readPayment: async (id) => ({ ok: true, value: { id, status: 'CREATED', raw: {} } }),
    });
    expect([idsOf(1), idsOf(2), turn.end]).toEqual([['id-1', 'id-2'], ['id-1', 'id-2'], { kind: 'whole' }]);
  });

  test('that cannot be read whole is kept in mind: the scan rules nothing out', async () => {
    const { turn } = await scan(
      (_filter, { offset }) => pageOf(offset === 0 ? [rowOf(1, { externalId: undefined as never })] : []),
      { readPayment: async () => refused(404) },
    );
    expect(turn.place.unreadIds).toEqual(['id-1']);
  });

  test('that could not be read whole in an earlier turn is still kept in mind', async () => {
    const nameless = (_filter: PaymentFilter, { offset }: { offset: number }) =>
      pageOf(offset < 2 ? [rowOf(offset + 1, { externalId: undefined as never })] : []);
    const readPayment = async () => refused(404);
    const one = await scan(nameless, { readPayment, isOver: () => true });
    const begun = { begunAt: '2026-05-11', process: 'one', processMs: 0 };
    const two = await scan(nameless, { readPayment, underWay: { ...begun, place: one.turn.place } });
    expect([two.turn.end.kind, two.turn.place.unreadIds]).toEqual(['whole', ['id-1', 'id-2']]);
  });
});

test('a whole look owes what its last page told as well, a first one only what its first page told', async () => {
  const grows: Ask = (_filter, { offset }) =>
    pageOf(offset === 0 ? [rowOf(1)] : [], { total: offset === 0 ? 1 : 2 });
  expect((await scan(grows)).turn.end.kind).toBe('gap');
  expect((await scan(grows, { look: 'first' })).turn.end.kind).toBe('whole');
});
