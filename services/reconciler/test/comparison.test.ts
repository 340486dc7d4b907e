/** Conomy's lists held against the mirror: both ways, field by field, each page once. */
import { randomUUID } from 'node:crypto';
import { completeDay } from '@capstan/shared/db/compared-days';
import { findDiscrepanciesOfPayment, listDiscrepancies } from '@capstan/shared/db/discrepancies';
import { findPayment } from '@capstan/shared/db/payments';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import type { ObservedPayment, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { collectBody } from '@capstan/testing/create-bodies';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareDays } from '../src/comparison/compare-days.ts';
import { compareDueDay } from '../src/comparison/compare-due-day.ts';
import type { DayReport } from '../src/comparison/day-report.ts';
import { toDay } from '../src/comparison/days.ts';
import type { ComparisonMode } from '../src/comparison/settle.ts';
import { toPage, toReport } from '../src/comparison/write-report.ts';
import type { ReconcilerContext } from '../src/context.ts';
import { openReconcilerFixture, type ReconcilerFixture } from './reconciler-fixture.ts';

let fixture: ReconcilerFixture;
beforeAll(async () => {
  fixture = await openReconcilerFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.control('reset', {});
  await fixture.pool.query(
    'truncate payments, journal, events, commands, discrepancies, compared_days, environment cascade',
  );
});

/** Nobody stops the process. */
const GOES_ON = new AbortController().signal;

const today = () => toDay(Date.now());

async function compare(
  mode: ComparisonMode = 'settle',
  provider: PaymentProvider = fixture.context.provider,
): Promise<DayReport> {
  const reports: DayReport[] = [];
  const context = {
    ...fixture.context,
    provider,
    reads: fixture.context.senders.reads,
    wait: async () => {},
    onPage: async () => {},
  };
  await compareDays(context, { from: today(), to: today(), mode }, async (report) => {
    reports.push(report);
  });
  const [report] = reports;
  if (!report) throw new Error('no day was reported');
  return report;
}

/** The provider with some calls replaced, and every call counted. */
function counting(over: Partial<PaymentProvider> = {}) {
  const calls = { list: 0, read: 0 };
  const { provider } = fixture.context;
  const counted: PaymentProvider = {
    ...provider,
    ...over,
    listPayments: (...args) => {
      calls.list += 1;
      return (over.listPayments ?? provider.listPayments)(...args);
    },
    readPayment: (...args) => {
      calls.read += 1;
      return (over.readPayment ?? provider.readPayment)(...args);
    },
  };
  return { provider: counted, calls };
}

/** Changes every row that the lists tell. */
function listing(change: (row: ObservedPayment) => ObservedPayment | null): Partial<PaymentProvider> {
  const { listPayments } = fixture.context.provider;
  return {
    listPayments: async (...args) => {
      const page = await listPayments(...args);
      if (!page.ok) return page;
      return {
        ok: true,
        value: { ...page.value, payments: page.value.payments.flatMap((row) => change(row) ?? []) },
      };
    },
  };
}

const move = (id: string, status: string) => fixture.control(`payments/${id}/transition`, { status });
const kinds = async () =>
  (await listDiscrepancies(fixture.pool, {}, { after: null, limit: 100 })).map(({ kind, field, status }) =>
    [kind, field, status].filter((part) => part !== null).join(' '),
  );

async function createdElsewhere(externalId = randomUUID()) {
  const created = await fixture.context.provider.createPayment(JSON.stringify(collectBody(externalId)));
  if (!created.ok) throw new Error(created.failure.reason);
  return { id: created.value.id, externalId };
}

describe('a day on which both sides agree', () => {
  test('is whole, and nothing is read or written for it but its pages', async () => {
    for (let nth = 0; nth < 3; nth++) await fixture.capturedPayment();
    const before = await fixture.pool.query('select * from payments order by key');
    const { provider, calls } = counting();
    expect(await compare('settle', provider)).toMatchObject({
      gap: null,
      listed: 3,
      mirrored: 3,
      agreed: 3,
      pages: 2,
      findings: [],
    });
    // One page of the day and the empty one behind it, one empty page each of the days around it.
    expect(calls).toEqual({ list: 4, read: 0 });
    expect((await fixture.pool.query('select * from payments order by key')).rows).toEqual(before.rows);
    expect(await kinds()).toEqual([]);
  });

  test('has amounts that are the same money however they are written', async () => {
    await fixture.capturedPayment();
    const { provider } = counting(
      listing((row) => ({ ...row, totalAmount: `${Number(row.totalAmount)}.000` })),
    );
    expect((await compare('settle', provider)).findings).toEqual([]);
  });

  test('may leave fields out of its rows', async () => {
    await fixture.capturedPayment();
    const { provider } = counting(listing(({ id, status, raw }) => ({ id, status, raw })));
    expect(await compare('settle', provider)).toMatchObject({ agreed: 1, findings: [] });
  });
});

describe('the counts', () => {
  test('and the money of a day add up, refunds included', async () => {
    const { conomyId } = await fixture.capturedPayment();
    for (const status of ['RECEIVED', 'SETTLED']) await move(conomyId, status);
    const refunded = await fixture.context.provider.refundPayment(conomyId, { amount: '10000.00' });
    expect(refunded).toMatchObject({ ok: true });
    await createdElsewhere();
    const first = await compare('settle');
    const { listed, agreed, differing, missing, waiting } = first;
    expect(first).toMatchObject({ listed: 3, mirrored: 1, refunds: 1, differing: 1 });
    expect(agreed + differing + missing + waiting).toBe(listed);
    expect(first.sums).toMatchObject([
      { currency: 'COP', listed: '70000.00', mirrored: '30000.00', refunds: '10000.00' },
    ]);

    await compare('repair');
    const then = await compare();
    expect(then).toMatchObject({ listed: 3, mirrored: 2, refunds: 1, agreed: 3, unsummed: 0, findings: [] });
    expect(then.sums).toEqual([
      { currency: 'COP', listed: '70000.00', mirrored: '60000.00', refunds: '10000.00', agreed: '70000.00' },
    ]);
  });

  test('of all days are in the report, with what is to be done about each row', async () => {
    await fixture.capturedPayment();
    await createdElsewhere();
    const about = {
      madeAt: '2026-05-18T10:00:00Z',
      conomyBaseUrl: 'https://x.test',
      from: today(),
      to: today(),
    };
    const dry = toReport({ ...about, mode: 'report' }, [await compare('report'), await compare('report')]);
    expect(dry.totals).toMatchObject({ listed: 4, agreed: 2, missing: 2 });
    expect(dry.totals.sums).toMatchObject([{ currency: 'COP', listed: '120000.00', agreed: '60000.00' }]);
    const nextOf = ({ days }: typeof dry) => days.flatMap(({ findings }) => findings.map(({ next }) => next));
    expect(nextOf(dry)[0]).toContain('without --dry-run');
    const open = toReport({ ...about, mode: 'settle' }, [await compare('settle')]);
    expect(nextOf(open)).toEqual([DISCREPANCIES.missing_here.fix]);
    const repaired = toReport({ ...about, mode: 'repair' }, [await compare('repair')]);
    expect(nextOf(repaired)).toEqual(['Nothing: it is settled.']);
    expect(toPage(open)).toContain('<td class="n">60000.00</td>');
  });
});

describe('a status that differs', () => {
  test('is read, and repaired where the read agrees with the list', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    await move(conomyId, 'RECEIVED');
    const report = await compare();
    expect(report.findings).toEqual([
      {
        kind: 'status_differs',
        paymentKey: key,
        conomyId,
        field: 'status',
        mirror: { status: 'CAPTURED' },
        provider: { status: 'RECEIVED' },
        status: 'repaired',
      },
    ]);
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'RECEIVED', cause: 'read' });
    expect(await kinds()).toEqual(['status_differs status repaired']);
    expect((await compare()).findings).toEqual([]);
  });

  test('is only told in a dry run: nothing is read, nothing written', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    await move(conomyId, 'RECEIVED');
    await createdElsewhere();
    const { provider, calls } = counting();
    const report = await compare('report', provider);
    expect(report.findings.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'status_differs unsettled',
      'missing_here unsettled',
    ]);
    expect(calls.read).toBe(0);
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'CAPTURED' });
    expect(await kinds()).toEqual([]);
  });

  test('is no finding while it cannot be read: the day is not whole then', async () => {
    const { conomyId } = await fixture.capturedPayment();
    await move(conomyId, 'RECEIVED');
    const mute = counting({
      readPayment: async () => ({ ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } }),
    });
    const report = await compare('settle', mute.provider);
    expect(report).toMatchObject({ gap: expect.stringMatching(/could not be read: timeout/), findings: [] });
    expect(await kinds()).toEqual([]);
  });

  test('stays open where list and read go on to disagree, until a comparison finds them agreed', async () => {
    const { key } = await fixture.capturedPayment();
    await fixture.pool.query(`update payments set moved_at = moved_at - interval '1 hour' where key = $1`, [
      key,
    ]);
    const lying = counting(listing((row) => ({ ...row, status: 'AUTHORIZED' })));
    expect((await compare('settle', lying.provider)).findings).toMatchObject([{ status: 'open' }]);
    await compare('settle', lying.provider);
    expect(await kinds()).toEqual(['status_differs status open']);
    await compare();
    expect(await kinds()).toEqual(['status_differs status explained']);
  });

  test('is explained where the mirror moved while the list was on its way', async () => {
    await fixture.capturedPayment();
    const lagging = counting(listing((row) => ({ ...row, status: 'CREATED' })));
    expect((await compare('settle', lagging.provider)).findings).toMatchObject([{ status: 'explained' }]);
  });

  test('against a final state is told once, by the read that contradicts it', async () => {
    const { key, conomyId } = await fixture.capturedPayment();
    await fixture.pool.query(
      `update payments set status = 'SETTLED', cause = 'read', version = 3, moved_at = moved_at - interval '1 hour' where key = $1`,
      [key],
    );
    await move(conomyId, 'FAILED');
    await compare();
    expect(await kinds()).toEqual(['final_contradicted open']);
    expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'SETTLED' });
  });
});

test('a field that differs is named, both sides with it, and the read decides', async () => {
  const { key } = await fixture.capturedPayment();
  const lying = counting(listing((row) => ({ ...row, accountNumber: '4711', totalAmount: '1.00' })));
  const { findings } = await compare('settle', lying.provider);
  expect(findings.map(({ kind, field, status }) => [kind, field, status])).toEqual([
    ['field_differs', 'accountNumber', 'open'],
    ['field_differs', 'totalAmount', 'open'],
  ]);
  const found = await findDiscrepanciesOfPayment(fixture.pool, key);
  expect(found[0]).toMatchObject({ provider: { value: { accountNumber: '4711' } } });
});

describe('a payment that is not mirrored', () => {
  test('is told, and mirrored when it is to be repaired', async () => {
    const { id, externalId } = await createdElsewhere();
    expect((await compare()).findings).toMatchObject([
      { kind: 'missing_here', conomyId: id, status: 'open' },
    ]);
    expect((await compare('repair')).findings).toMatchObject([{ kind: 'missing_here', status: 'repaired' }]);
    const { rows } = await fixture.pool.query(
      'select external_id, status from payments where conomy_id = $1',
      [id],
    );
    expect(rows).toEqual([{ external_id: externalId, status: 'CREATED' }]);
    expect(await compare()).toMatchObject({ agreed: 1, findings: [] });
  });

  test('and was mirrored meanwhile by other means is no disagreement any more', async () => {
    const { id } = await createdElsewhere();
    await compare();
    await fixture.pool.query('insert into payments (key, conomy_id) values ($1, $2)', [randomUUID(), id]);
    await compare();
    expect((await kinds()).filter((kind) => kind.startsWith('missing_here'))).toEqual([
      'missing_here explained',
    ]);
  });

  test('and was made beside one of ours that was paid short is mirrored without asking', async () => {
    const { conomyId } = await fixture.capturedPayment();
    const { id } = await createdElsewhere();
    const named = listing((row) =>
      row.id === id ? { ...row, raw: { ...row.raw, relatedPaymentId: conomyId } } : row,
    );
    await compare('settle', counting(named).provider);
    const { rows } = await fixture.pool.query('select status from payments where conomy_id = $1', [id]);
    expect(rows).toEqual([{ status: 'CREATED' }]);
  });

  test('with an externalId of ours is a twin, and never captured', async () => {
    const { key, externalId } = await fixture.capturedPayment();
    const [first] = (await fixture.pool.query('select conomy_id from payments where key = $1', [key])).rows;
    const { provider } = counting(
      listing((row) =>
        row.id === first.conomy_id ? { ...row, id: 'f'.repeat(24), status: 'CREATED' } : row,
      ),
    );
    const { findings } = await compare('repair', provider);
    expect(findings).toMatchObject([
      { kind: 'twin', paymentKey: key, conomyId: 'f'.repeat(24), status: 'open' },
    ]);
    expect(await findPayment(fixture.pool, key)).toMatchObject({ conomyId: first.conomy_id, externalId });
  });

  test('while its create is at work here waits for the capturer', async () => {
    const { externalId } = await createdElsewhere();
    await fixture.pool.query('insert into payments (key, external_id) values ($1, $2)', [
      randomUUID(),
      externalId,
    ]);
    expect(await compare()).toMatchObject({ waiting: 1, findings: [] });
    expect(await kinds()).toEqual([]);
  });
});

describe('a payment that no list holds', () => {
  const nothing = () => listing(() => null);

  test('is read; where Conomy does not have it either, that is told', async () => {
    const key = randomUUID();
    await fixture.pool.query(
      `insert into payments (key, conomy_id, status, cause) values ($1, $2, 'CAPTURED', 'answer')`,
      [key, 'a'.repeat(24)],
    );
    expect((await compare()).findings).toMatchObject([
      { kind: 'missing_there', paymentKey: key, status: 'open' },
    ]);
  });

  test('is counted as unlisted where a read finds it', async () => {
    await fixture.capturedPayment();
    const { listPayments } = nothing();
    const empty: Partial<PaymentProvider> = {
      listPayments: async (...args) => {
        const page = (await listPayments?.(...args)) as Awaited<ReturnType<PaymentProvider['listPayments']>>;
        return page.ok ? { ok: true, value: { ...page.value, total: 0, nextOffset: null } } : page;
      },
    };
    expect(await compare('settle', counting(empty).provider)).toMatchObject({ unlisted: 1, findings: [] });
  });

  test('is not missed on a day whose list is not whole', async () => {
    await fixture.capturedPayment();
    const { provider, calls } = counting(nothing());
    const report = await compare('settle', provider);
    expect(report.gap).toMatch(/has 1 rows, and 0 were told/);
    expect([report.findings, calls.read]).toEqual([[], 0]);
  });

  test('of tomorrow by the clock of Conomy is found in the list of that day', async () => {
    await fixture.capturedPayment();
    const { listPayments } = fixture.context.provider;
    // Its days begin twelve hours later than ours: what we call today stands in the list of the day before.
    const shifted: Partial<PaymentProvider> = {
      listPayments: ({ fromDay, toDay, ...filter }, page) => {
        const later = (day: Date | undefined) => day && new Date(day.getTime() + 86_400_000);
        return listPayments({ ...filter, fromDay: later(fromDay), toDay: later(toDay) }, page);
      },
    };
    const report = await compare('settle', counting(shifted).provider);
    expect(report).toMatchObject({ gap: null, mirrored: 1, unlisted: 0, findings: [] });
  });
});

describe('pages', () => {
  test('whose offsets shift under the walk are read through, and rows that come twice count once', async () => {
    for (let nth = 0; nth < 5; nth++) await fixture.capturedPayment();
    const { listPayments } = fixture.context.provider;
    const drifting: Partial<PaymentProvider> = {
      listPayments: (filter, { offset }) =>
        listPayments(filter, { limit: 2, offset: Math.max(0, offset - 1) }),
    };
    expect(await compare('settle', counting(drifting).provider)).toMatchObject({ listed: 5, gap: null });
  });

  test.each(['cursor', 'offset'])('are read in the envelope of the form %s', async (payments) => {
    await fixture.control('config', { shapes: { payments } });
    for (let nth = 0; nth < 3; nth++) await fixture.capturedPayment();
    expect(await compare()).toMatchObject({ listed: 3, gap: null });
  });

  test('that fail are asked for again, and a day that is not told is not whole', async () => {
    await fixture.capturedPayment();
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'list', fault: '500', count: 2 }] });
    expect(await compare()).toMatchObject({ listed: 1, gap: null });
    const broken: Partial<PaymentProvider> = {
      listPayments: async () => ({ ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } }),
    };
    expect((await compare('settle', counting(broken).provider)).gap).toMatch(/was not told: timeout/);
  });

  test('of a provider that does not know offsets come to an end', async () => {
    const unreadable = counting({
      listPayments: async () => ({
        ok: true,
        value: { payments: [], unreadableRows: 1, nextOffset: 0, isPaginated: true },
      }),
    });
    expect((await compare('settle', unreadable.provider)).gap).toMatch(/has no end: the page at row 2/);
  });

  test('with rows that cannot be read prove no absence', async () => {
    await fixture.capturedPayment();
    const unreadable = counting({
      listPayments: async (...args) => {
        const page = await fixture.context.provider.listPayments(...args);
        return page.ok
          ? { ok: true, value: { ...page.value, payments: [], unreadableRows: page.value.payments.length } }
          : page;
      },
    });
    expect(await compare('settle', unreadable.provider)).toMatchObject({
      gap: expect.stringMatching(/1 rows of .* have no id or status/),
      findings: [],
    });
  });
});

describe('by itself', () => {
  /** As it is at noon tomorrow: today is over. */
  async function tomorrow<T>(work: (context: ReconcilerContext) => Promise<T>): Promise<T> {
    await fixture.pool.query(
      `insert into environment (conomy_base_url, conomy_client_id) values ('x', 'x') on conflict do nothing`,
    );
    const noon = Date.parse(`${today()}T00:00:00Z`) + 36 * 3_600_000;
    const context = fixture.contextLater(`${noon - Date.now()} milliseconds`);
    try {
      return await work(context);
    } finally {
      await context.pool.end();
    }
  }

  async function comparedDays() {
    const { rows } = await fixture.pool.query('select day::text, counts from compared_days order by day');
    return rows;
  }

  test('a day is not compared before it is over', async () => {
    await fixture.pool.query(
      `insert into environment (conomy_base_url, conomy_client_id) values ('x', 'x') on conflict do nothing`,
    );
    expect(await compareDueDay(fixture.context, 'one', GOES_ON)).toBe(false);
  });

  test('each day that is over is compared once, by one of all processes', async () => {
    await fixture.capturedPayment();
    const worked = await tomorrow(async (context) => [
      await Promise.all([compareDueDay(context, 'one', GOES_ON), compareDueDay(context, 'two', GOES_ON)]),
      await compareDueDay(context, 'three', GOES_ON),
    ]);
    expect([worked.flat().filter(Boolean).length, worked[1]]).toEqual([1, false]);
    expect(await comparedDays()).toMatchObject([
      { day: today(), counts: { listed: 1, agreed: 1, differed: 0 } },
    ]);
  });

  test('a day that was not told whole counts for nothing, and is tried again later', async () => {
    await fixture.capturedPayment();
    const broken: PaymentProvider = {
      ...fixture.context.provider,
      listPayments: async () => ({
        ok: false,
        failure: { stage: 'no_clear_answer', reason: 'timeout', retryAfterMs: 0 },
      }),
    };
    await tomorrow(async (context) => {
      expect(await compareDueDay({ ...context, provider: broken }, 'one', GOES_ON)).toBe(false);
      expect(await compareDueDay(context, 'two', GOES_ON)).toBe(false);
      await context.pool.query(
        `update compared_days set claimed_until = capstan_now() - interval '1 second'`,
      );
      expect(await compareDueDay(context, 'two', GOES_ON)).toBe(true);
    });
    expect(await comparedDays()).toMatchObject([{ day: today(), counts: { listed: 1 } }]);
  });

  test('a day on which something fails each time holds up no later day', async () => {
    const { conomyId } = await fixture.capturedPayment();
    const fails: PaymentProvider = {
      ...fixture.context.provider,
      listPayments: async () => {
        throw new Error(`${conomyId} cannot be compared`);
      },
    };
    await tomorrow(async (context) => {
      await context.pool.query(`update environment set created_at = created_at - interval '1 day'`);
      const compareFailing = () => compareDueDay({ ...context, provider: fails }, 'one', GOES_ON);
      await expect(compareFailing()).rejects.toThrow('cannot be compared');
      const { rows } = await context.pool.query(
        `select claimed_until > capstan_now() + interval '10 minutes' as "isPutOff" from compared_days`,
      );
      expect(rows).toEqual([{ isPutOff: true }]);
      expect(await compareDueDay(context, 'one', GOES_ON)).toBe(true);
    });
    expect(await comparedDays()).toMatchObject([{ counts: null }, { day: today(), counts: { listed: 1 } }]);
  });

  test('a process that stops leaves its day to the others at once', async () => {
    await fixture.capturedPayment();
    const stopping = new AbortController();
    await tomorrow(async (context) => {
      const { listPayments } = context.provider;
      const stops: PaymentProvider = {
        ...context.provider,
        listPayments: (...args) => {
          stopping.abort();
          return listPayments(...args);
        },
      };
      expect(await compareDueDay({ ...context, provider: stops }, 'one', stopping.signal)).toBe(false);
      expect(await compareDueDay(context, 'two', GOES_ON)).toBe(true);
    });
  });

  test('a day that is not over is not noted, whoever compared it', async () => {
    await completeDay(fixture.pool, today(), { listed: 0 });
    expect(await comparedDays()).toEqual([]);
  });

  test('a day whose process died is taken over when its claim has ended', async () => {
    await tomorrow(async (context) => {
      await context.pool.query(
        `insert into compared_days (day, claimed_by, claimed_until) values ($1, 'dead', capstan_now() - interval '1 second')`,
        [today()],
      );
      expect(await compareDueDay(context, 'one', GOES_ON)).toBe(true);
    });
  });
});
