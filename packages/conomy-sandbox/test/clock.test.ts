/** The provider's clock: its zone, how it writes instants, and how far it is from ours. */
import { expect, test } from 'vitest';
import { COP_PAYER } from '../src/default-accounts.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

/** Half past two at night in UTC, so on another day west of it. */
const NOW = Date.parse('2026-03-02T02:30:00.000Z');

test.each([
  ['-05:00', 'offset', '2026-03-01T21:30:00.000-05:00', '01/03/2026'],
  ['-03:00', 'bare', '2026-03-01T23:30:00.000', '01/03/2026'],
  ['+14:00', 'offset', '2026-03-02T16:30:00.000+14:00', '02/03/2026'],
  ['+00:00', 'offset', '2026-03-02T02:30:00.000Z', '02/03/2026'],
] as const)(
  'at %s, written %s, a payment is of %s and listed on %s',
  async (utcOffset, instants, createdAt, day) => {
    const clock = { utcOffset, instants };
    const { get, post } = await openSandbox({ now: () => NOW, clock });
    const { body } = await post('/sandbox/payments', p2pBody());
    expect(body.createdAt).toBe(createdAt);
    const list = (on: string) => get(`/sandbox/payments?startDate=${on}&endDate=${on}`);
    expect((await list(day)).body.results).toMatchObject([{ id: body.id, createdAt }]);
    const others = ['28/02/2026', '01/03/2026', '02/03/2026', '03/03/2026'].filter((each) => each !== day);
    for (const other of others) expect((await list(other)).body.results).toEqual([]);
  },
);

test('an impossible date is told as it is in every zone', async () => {
  const { post, faults } = await openSandbox({ clock: { utcOffset: '-05:00' } });
  await faults([{ operation: 'create', fault: 'impossible-date' }]);
  expect(await post('/sandbox/payments', p2pBody())).toMatchObject({
    status: 200,
    body: { createdAt: '2026-02-30T25:61:00.000Z' },
  });
});

test('a day that others filled is a day of the zone', async () => {
  const { get, post } = await openSandbox({ clock: { utcOffset: '-05:00' } });
  await post('/_sandbox/fill', { accountNumber: COP_PAYER.accountNumber, count: 48, day: '2026-03-01' });
  const list = async (on: string) =>
    (await get(`/sandbox/payments?startDate=${on}&endDate=${on}&sort=createdAt:asc`)).body;
  expect((await list('01/03/2026')).pagination.total).toBe(48);
  expect((await list('01/03/2026')).results[0].createdAt).toBe('2026-03-01T00:00:00.000-05:00');
  expect((await list('02/03/2026')).results).toEqual([]);
});

test('events are written in the zone too', async () => {
  const receiver = await openReceiver();
  const webhook = { url: receiver.url, form: 'header' } as const;
  const { capture } = await openSandbox({ now: () => NOW, webhook, clock: { utcOffset: '-05:00' } });
  await capture(p2pBody());
  expect(JSON.parse((await receiver.next()).text).timestamp).toBe('2026-03-01T21:30:00.000-05:00');
});

test('a clock minutes away shows in Date and createdAt of every answer, the ledger keeps the true instant', async () => {
  const { post, get, faults, ledger } = await openSandbox({ now: () => NOW });
  await post('/_sandbox/config', { clock: { aheadMs: 7 * 60_000 } });
  const { body, headers } = await post('/sandbox/payments', p2pBody());
  expect(body.createdAt).toBe('2026-03-02T02:37:00.000Z');
  expect(headers.get('date')).toBe('Mon, 02 Mar 2026 02:37:00 GMT');
  await faults([{ operation: 'read', fault: 'byte-order-mark' }]);
  expect((await get(`/sandbox/payments/${body.id}`)).headers.get('date')).toBe(
    'Mon, 02 Mar 2026 02:37:00 GMT',
  );
  expect((await ledger()).payments[0].history).toEqual([
    { at: '2026-03-02T02:30:00.000Z', status: 'CREATED' },
  ]);
});

test('a clock set back in mid-run makes no later payment older than an earlier one', async () => {
  const { post, get } = await openSandbox({ now: () => NOW, clock: { aheadMs: 60_000 } });
  await post('/sandbox/payments', p2pBody());
  await post('/_sandbox/config', { clock: { aheadMs: -60_000 } });
  await post('/sandbox/payments', p2pBody());
  const [second, first] = (await get('/sandbox/payments')).body.results;
  expect(second.createdAt).toBe(first.createdAt);
});

test.each([{ utcOffset: 'Bogota' }, { utcOffset: '+15:00' }, { instants: 'epoch' }, { aheadMs: 1e9 }])(
  'a clock of %j is refused by name',
  async (clock) => {
    const { post } = await openSandbox();
    const { status, body } = await post('/_sandbox/config', { clock });
    expect({ status, detail: body.detail }).toEqual({
      status: 400,
      detail: expect.stringMatching(/^clock\./),
    });
  },
);
