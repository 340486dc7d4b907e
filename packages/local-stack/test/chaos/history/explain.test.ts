/** Hand-made histories of one payment: which some order of its calls explains, and what is the least that none does. */
import { describe, expect, test } from 'vitest';
import { findUnexplained, isExplainable } from '../../../src/chaos/history/explain.ts';
import type { Act, Asks, Operation } from '../../../src/chaos/history/operation.ts';

const ASKS: Asks = {
  type: 'payment.create',
  captures: true,
  authorizes: false,
  amount: null,
  notAfterMs: null,
};
const CAPTURE: Asks = { ...ASKS, type: 'payment.capture' };
const REFUND: Asks = { ...ASKS, type: 'payment.refund', captures: false, amount: '1000 COP' };

const during = (fromMs: number, untilMs: number | null, act: Act): Operation => ({ fromMs, untilMs, act });
const at = (ms: number, act: Act): Operation => during(ms, ms, act);

const sends = (key = 'k1', asks = ASKS, id = `id-${key}`): Act => ({ kind: 'send', key, asks, told: { id } });
const unheard = (key = 'k1', asks = ASKS): Act => ({ kind: 'send', key, asks, told: null });
const refused = (key = 'k1', asks = ASKS): Act => ({ kind: 'send', key, asks, told: { refused: '422:x' } });
const look = (told: string | null, key = 'k1'): Act => ({ kind: 'look', key, told });
const see = (told: string): Act => ({ kind: 'see', told });
const move = (status: string): Act => ({ kind: 'move', status });
const effect = (
  name: Extract<Act, { kind: 'effect' }>['effect'],
  over: Partial<Extract<Act, { kind: 'effect' }>> = {},
): Act => ({
  kind: 'effect',
  effect: name,
  paymentId: 'p1',
  amount: null,
  own: true,
  asAsked: true,
  ...over,
});
const gaveBack = (over: Partial<Extract<Act, { kind: 'effect' }>> = {}): Act =>
  effect('refund', { amount: '1000 COP', paymentId: 'r1', ...over });

const accepted = during(0, 10, sends());
const captured = [accepted, at(20, effect('create')), at(30, effect('capture'))];
const settled = [...captured, at(30, move('CAPTURED')), at(50, move('SETTLED'))];
const refundAccepted = during(60, 70, sends('k2', REFUND));

describe('an order explains', () => {
  test.each<[string, Operation[]]>([
    ['nothing at all', []],
    ['a capture that was told after it happened', [...captured, during(40, 50, look('succeeded'))]],
    ['a success told while the capture happened', [...captured, during(25, 50, look('succeeded'))]],
    ['a create that was never heard of and had no effect', [during(0, null, unheard())]],
    [
      'a create without an answer that had its effect',
      [during(0, null, unheard()), at(20, effect('create')), at(30, effect('capture'))],
    ],
    ['two answers with one id', [during(0, 10, sends()), during(2, 12, sends()), ...captured.slice(1)]],
    ['a twin that was never captured', [...captured, at(31, effect('create', { paymentId: 'p2' }))]],
    [
      'a rejection without an effect',
      [accepted, during(20, 30, look('rejected')), during(40, 50, look('rejected'))],
    ],
    [
      'a cancel that came before anything',
      [
        accepted,
        during(20, 30, { kind: 'cancel', key: 'k1', told: 'canceled' }),
        during(40, 50, look('canceled')),
      ],
    ],
    ['a parked command that went on later', [accepted, during(12, 14, look('parked')), ...captured.slice(1)]],
    [
      'a status that the payment had',
      [...settled, during(60, 70, see('CAPTURED')), during(70, 80, see('SETTLED'))],
    ],
    ['a status that a fault made up', [...settled, during(60, 70, see('ON_HOLD_BY_PARTNER'))]],
    [
      'a refund told after its child',
      [...settled, refundAccepted, at(80, gaveBack()), during(90, 95, look('succeeded', 'k2'))],
    ],
    [
      'two equal refunds with a child each',
      [
        ...settled,
        refundAccepted,
        during(60, 71, sends('k3', REFUND)),
        at(80, gaveBack()),
        during(85, 90, look('succeeded', 'k3')),
        at(95, gaveBack({ paymentId: 'r2' })),
        during(96, 99, look('succeeded', 'k2')),
      ],
    ],
    [
      'a refund of others that nobody can tell from ours',
      [...settled, refundAccepted, at(80, gaveBack({ own: false })), during(90, 95, look('succeeded', 'k2'))],
    ],
    ['what others gave back beside ours', [...settled, at(55, gaveBack({ own: false }))]],
    [
      'a payment made otherwise than asked that was left alone',
      [accepted, at(20, effect('create', { asAsked: false })), during(40, 50, look('parked'))],
    ],
    [
      'a capture dispatched just before its deadline',
      [
        during(0, 10, sends('k1', { ...ASKS, notAfterMs: 29 })),
        at(20, effect('create')),
        at(30, effect('capture')),
      ],
    ],
  ])('%s', (_what, operations) => {
    expect(findUnexplained(operations)).toBeNull();
  });
});

describe('no order explains', () => {
  test.each<[string, Operation[]]>([
    ['two captures of one payment', [...captured, at(40, effect('capture'))]],
    [
      'two captures of one payment that two commands asked for',
      [...captured, during(32, 34, sends('k2', CAPTURE)), at(40, effect('capture'))],
    ],
    [
      'captures of a payment and of its twin',
      [
        ...captured,
        at(31, effect('create', { paymentId: 'p2' })),
        at(40, effect('capture', { paymentId: 'p2' })),
      ],
    ],
    ['a success without an effect', [accepted, during(40, 50, look('succeeded'))]],
    [
      'a success told before the capture',
      [...captured.slice(0, 2), during(21, 25, look('succeeded')), at(30, effect('capture'))],
    ],
    ['an accepted command that nobody knows', [accepted, during(20, 30, look(null))]],
    ['a second id for one key', [accepted, during(20, 30, sends('k1', ASKS, 'id-other'))]],
    ['a capture that nobody asked for', [at(20, effect('create')), at(30, effect('capture'))]],
    ['a capture of what was refused', [during(0, 10, refused()), at(20, effect('create'))]],
    ['a rejection of what was captured', [...captured, during(40, 50, look('rejected'))]],
    [
      'a capture after its cancel',
      [accepted, at(12, effect('create')), during(14, 16, look('canceled')), at(30, effect('capture'))],
    ],
    [
      'an end that changed',
      [...captured, during(40, 50, look('succeeded')), during(60, 70, look('executing'))],
    ],
    [
      'settled told before it settled',
      [...captured, during(40, 45, see('SETTLED')), at(50, move('SETTLED'))],
    ],
    [
      'a capture of a payment of others',
      [accepted, at(20, effect('create')), at(30, effect('capture', { paymentId: 'o1', own: false }))],
    ],
    [
      'a capture of a payment that is not as asked for',
      [accepted, at(20, effect('create', { asAsked: false })), at(30, effect('capture'))],
    ],
    [
      'one child for two refunds that succeeded',
      [
        ...settled,
        refundAccepted,
        during(60, 71, sends('k3', REFUND)),
        at(80, gaveBack()),
        during(85, 90, look('succeeded', 'k2')),
        during(91, 95, look('succeeded', 'k3')),
      ],
    ],
    [
      'two children for one refund',
      [...settled, refundAccepted, at(80, gaveBack()), at(81, gaveBack({ paymentId: 'r2' }))],
    ],
    ['a refund of another amount', [...settled, refundAccepted, at(80, gaveBack({ amount: '500 COP' }))]],
    [
      'a refund told as made whose child is of another amount than asked for',
      [
        ...settled,
        refundAccepted,
        at(80, gaveBack({ amount: '500 COP', asAsked: false })),
        during(90, 95, look('succeeded', 'k2')),
      ],
    ],
    [
      'a refund of others from before ours was handed in, taken for ours',
      [...settled, at(55, gaveBack({ own: false })), refundAccepted, during(90, 95, look('succeeded', 'k2'))],
    ],
    [
      'a capture long after its deadline',
      [
        during(0, 10, sends('k1', { ...ASKS, notAfterMs: 25 })),
        at(20, effect('create')),
        at(9_000, effect('capture')),
      ],
    ],
  ])('%s', (_what, operations) => {
    expect(findUnexplained(operations)).not.toBeNull();
  });
});

test('the shortest unexplained history ends where it first is one and leaves out what does not matter', () => {
  const operations = [
    accepted,
    during(11, 12, look('accepted')),
    at(20, effect('create')),
    at(30, effect('capture')),
    during(35, 38, look('executing')),
    at(40, effect('capture')),
    during(50, 60, look('succeeded')),
    at(70, move('SETTLED')),
    at(30, move('CAPTURED')),
  ];
  expect(findUnexplained(operations)).toEqual([accepted, operations[2], operations[3], operations[5]]);
});

test('a long history with many overlapping calls is decided at once', () => {
  const overlapping = Array.from({ length: 60 }, (_, nth) => during(11 + nth, 500 + nth, look('executing')));
  expect(isExplainable([...captured, ...overlapping, during(600, 601, look('succeeded'))])).toBe(true);
});
