import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { describe, expect, test } from 'vitest';
import type { Evidence } from '../src/conclude-unknown.ts';
import { judgeCreated, type LostCreate } from '../src/judge-created.ts';
import { LOOK_ALIKES_MAX } from '../src/wanted-rows.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const firstStartedAt = new Date('2026-05-18T10:00:00Z');

const asked = {
  externalId: 'order-2026-0001',
  accountNumber: '1001',
  type: 'COLLECT',
  purchaseAmount: '30000.00',
  purchaseCurrency: 'COP',
};
const create: LostCreate = { asked, firstStartedAt, isRefusedDuplicate: false, clockAheadMs: null };

/** When the payment was created, in milliseconds after the first attempt began. */
const createdMs = (ms: number) => ({ createdAt: new Date(firstStartedAt.getTime() + ms).toISOString() });

function rowWith(over: Partial<ObservedPayment> = {}): ObservedPayment {
  const fields = { ...asked, totalAmount: '30000.00', currency: 'COP', ...createdMs(500), ...over };
  return { id: 'p1', status: 'CREATED', raw: { createdAt: fields.createdAt }, ...fields };
}

/** Judges the rows; `whole` is what a read of a row tells, by default nothing that can be read. */
async function judge(
  rows: ObservedPayment[],
  over: {
    create?: Partial<LostCreate>;
    whole?: ObservedPayment | null;
    claimed?: string[];
    isWhole?: boolean;
  } = {},
): Promise<Evidence & { reads: string[] }> {
  const reads: string[] = [];
  const lookup = {
    readWhole: async (id: string) => {
      reads.push(id);
      return over.whole ?? null;
    },
    findClaimed: async () => new Set(over.claimed),
  };
  const shown = { rows, isWhole: over.isWhole ?? true, detail: { rows: rows.length } };
  return { ...(await judgeCreated(lookup, { ...create, ...over.create }, shown)), reads };
}

describe('the only payment with the externalId', () => {
  test.each<[what: string, row: Partial<ObservedPayment>]>([
    ['that agrees', {}],
    ['whose amount is written otherwise', { purchaseAmount: '30000', totalAmount: '30000.000' }],
    ['that is ten minutes older than the first attempt', createdMs(-10 * MINUTE_MS)],
    ['that is much younger', createdMs(20 * HOUR_MS)],
  ])('%s is bound as it is listed', async (_what, row) => {
    const judged = await judge([rowWith(row), rowWith({ id: 'p2', externalId: 'another' })]);
    expect(judged).toMatchObject({ finding: 'found', payment: { id: 'p1' }, reads: [] });
  });

  test.each<[what: string, row: Partial<ObservedPayment>, why: object]>([
    ['of another account', { accountNumber: '1002' }, { differs: [{ field: 'accountNumber' }] }],
    ['of another type', { type: 'P2P' }, { differs: [{ field: 'type' }] }],
    [
      'of another amount',
      { purchaseAmount: '99000.00' },
      { differs: [{ field: 'purchaseAmount', asked: '30000.00', told: '99000.00' }] },
    ],
    ['in another currency', { purchaseCurrency: 'USD' }, { differs: [{ field: 'purchaseCurrency' }] }],
    ['that is a little too old', createdMs(-10 * MINUTE_MS - 1), { createdAt: expect.any(String) }],
    ['that is 26 hours older', createdMs(-26 * HOUR_MS), { createdAt: expect.any(String) }],
  ])('%s is unclear and never bound', async (_what, row, why) => {
    expect(await judge([rowWith(row)])).toMatchObject({
      finding: 'unclear',
      payment: null,
      detail: { id: 'p1', ...why },
      reads: [],
    });
  });

  test.each<[what: string, row: Partial<ObservedPayment>]>([
    ['its account', { accountNumber: undefined }],
    ['its type', { type: undefined }],
    ['its amount', { purchaseAmount: undefined }],
    ['its currency', { purchaseCurrency: undefined }],
    ['when it was created', { createdAt: undefined }],
    ['why its total is another', { totalAmount: '29850.00' }],
  ])('that does not say %s is read whole before it is bound', async (_what, row) => {
    const fees = [{ type: 'PERCENTAGE', value: '0.5' }];
    const whole = rowWith({ totalAmount: '29850.00', raw: { fees } });
    expect(await judge([rowWith(row)], { whole })).toMatchObject({
      finding: 'found',
      payment: { raw: { fees } },
      reads: ['p1'],
    });
    expect(await judge([rowWith(row)])).toMatchObject({ finding: 'inconclusive', reads: ['p1'] });
    const other = rowWith({ accountNumber: '1002', purchaseAmount: '1.00' });
    expect(await judge([rowWith(row)], { whole: other })).toMatchObject({
      finding: 'unclear',
      payment: null,
    });
  });

  test.each<[what: string, lacking: Partial<ObservedPayment>, finding: string]>([
    ['its account', { accountNumber: undefined }, 'found'],
    ['its type', { type: undefined }, 'found'],
    ['its amount', { purchaseAmount: undefined }, 'unclear'],
    ['its currency', { purchaseCurrency: undefined }, 'unclear'],
    [
      'a usable instant of its creation',
      { createdAt: undefined, raw: { createdAt: '2026-02-30T10:00:00' } },
      'unclear',
    ],
  ])('whose whole read lacks %s too', async (_what, lacking, finding) => {
    const row = rowWith(lacking);
    expect(await judge([row], { whole: row })).toMatchObject({ finding, reads: ['p1'] });
  });

  test('counts as it is listed in what its whole read lacks', async () => {
    const whole: ObservedPayment = { id: 'p1', status: 'CREATED', accountNumber: '1001', raw: {} };
    expect(await judge([rowWith({ accountNumber: undefined })], { whole })).toMatchObject({
      finding: 'found',
    });
  });
});

describe('a payment of the externalId that is more than 26 hours older', () => {
  const old = rowWith({ ...createdMs(-26 * HOUR_MS - 1), purchaseAmount: '1.00' });

  test('is why Conomy refused the only attempt as a duplicate', async () => {
    expect(await judge([old], { create: { isRefusedDuplicate: true } })).toMatchObject({
      finding: 'in_use',
      detail: { id: 'p1' },
    });
  });

  test('is not ours: after an unknown attempt ours is absent, and it is said who has the externalId', async () => {
    expect(await judge([old])).toMatchObject({ finding: 'absent', inUseBy: 'p1', payment: null, reads: [] });
  });

  test('is not ours either when only its whole read says how old it is', async () => {
    const whole = rowWith(createdMs(-26 * HOUR_MS - 1));
    expect(await judge([rowWith({ createdAt: undefined })], { whole })).toMatchObject({
      finding: 'absent',
      inUseBy: 'p1',
      reads: ['p1'],
    });
  });

  test('leaves open what the rest of the list left open', async () => {
    const near = rowWith({ id: 'p2', externalId: 'order-2026-0001 ' });
    const judged = await judge([old, near], { isWhole: false });
    expect(judged.finding).toBe('inconclusive');
    expect(judged).not.toHaveProperty('inUseBy');
  });

  test('rules out no absence, but a row beside it that may be ours does', async () => {
    const near = rowWith({ id: 'p2', externalId: 'order-2026-0001 ' });
    expect(await judge([old, near])).toMatchObject({ finding: 'unclear', detail: { lookAlike: 'p2' } });
  });
});

test("what Conomy's clock is ahead of ours is taken off first", async () => {
  const row = rowWith(createdMs(-15 * MINUTE_MS));
  expect(await judge([row])).toMatchObject({ finding: 'unclear' });
  expect(await judge([row], { create: { clockAheadMs: -6 * MINUTE_MS } })).toMatchObject({
    finding: 'found',
  });
  const young = rowWith(createdMs(0));
  expect(await judge([young], { create: { clockAheadMs: 11 * MINUTE_MS } })).toMatchObject({
    finding: 'unclear',
  });
});

test('two payments with the externalId are for a person', async () => {
  const rows = [rowWith(), rowWith({ id: 'p2', ...createdMs(-30 * HOUR_MS) })];
  expect(await judge(rows)).toMatchObject({ finding: 'ambiguous', detail: { ids: ['p1', 'p2'] } });
});

describe('while no payment has the externalId', () => {
  const nearly = { id: 'p2', externalId: ' order-2026-0001' };

  test.each<[what: string, row: Partial<ObservedPayment>]>([
    ['with a space', nearly],
    ['that was cut', { id: 'p2', externalId: 'order-20' }],
    ['that nobody names', { id: 'p2', externalId: undefined }],
    ['whose age nobody tells', { ...nearly, createdAt: undefined }],
  ])('a row like ours %s rules an absence out', async (_what, row) => {
    expect(await judge([rowWith(row)])).toMatchObject({
      finding: 'unclear',
      payment: null,
      detail: { lookAlike: 'p2' },
    });
  });

  test.each<[what: string, row: Partial<ObservedPayment>]>([
    ['of another amount', { ...nearly, purchaseAmount: '1.00' }],
    ['of another account', { ...nearly, accountNumber: '1002' }],
    ['of another type', { ...nearly, type: 'P2P' }],
    ['in another currency', { ...nearly, purchaseCurrency: 'USD' }],
    ['from before the first attempt', { ...nearly, ...createdMs(-11 * MINUTE_MS) }],
    ['cut so short that it means nothing', { id: 'p2', externalId: 'order-2' }],
    ['that goes on where ours ends', { id: 'p2', externalId: 'order-2026-00012' }],
  ])('a row %s does not', async (_what, row) => {
    expect(await judge([rowWith(row)])).toMatchObject({ finding: 'absent', detail: { rows: 1 } });
  });

  test('a row like ours leaves a look open that did not see the whole list', async () => {
    expect(await judge([rowWith(nearly)], { isWhole: false })).toMatchObject({ finding: 'inconclusive' });
  });

  test('a row that another create of ours has does not', async () => {
    expect(await judge([rowWith(nearly)], { claimed: ['p2'] })).toMatchObject({ finding: 'absent' });
  });

  test('a row like ours that lacks something is read whole', async () => {
    const row = rowWith({ ...nearly, purchaseAmount: undefined });
    expect(await judge([row])).toMatchObject({ finding: 'inconclusive', reads: ['p2'] });
    expect(await judge([row], { whole: row })).toMatchObject({ finding: 'unclear' });
    const whole = rowWith({ ...nearly, purchaseAmount: '1.00' });
    expect(await judge([row], { whole })).toMatchObject({ finding: 'absent' });
  });
});

test('more rows that may be ours than are kept of a scan rule nothing out', async () => {
  const near = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      rowWith({ id: `near-${at}`, externalId: asked.externalId.slice(0, 9), purchaseAmount: '1.00' }),
    );
  expect(await judge(near(LOOK_ALIKES_MAX - 1))).toMatchObject({ finding: 'absent' });
  expect(await judge(near(LOOK_ALIKES_MAX))).toMatchObject({
    finding: 'inconclusive',
    detail: { reason: 'too_many_alike' },
  });
});
