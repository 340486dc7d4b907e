import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Lifecycle, PAYMENT_LIFECYCLE, REFUND_LIFECYCLE } from '../../src/domain/lifecycle.ts';
import { decideMirrorMove, LAG_MS_MAX, type MirrorMove } from '../../src/domain/mirror-move.ts';
import { isFinalStatus, type PaymentStatus } from '../../src/domain/payment-status.ts';

/** A payment that lived at Conomy, and what arrived here of the events it told. */
interface Life {
  lifecycle: Lifecycle;
  states: PaymentStatus[];
  /** Places in `states`: any of them, any number of times, in any order. */
  arrived: number[];
}

const lifecycle = fc.constantFrom(PAYMENT_LIFECYCLE, REFUND_LIFECYCLE);
const choices = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });

/** Walks the documented moves from CREATED; a walk ends where nothing follows, or anywhere before. */
const life: fc.Arbitrary<Life> = fc
  .tuple(lifecycle, choices)
  .map(([moves, picks]) => ({ moves, states: walk(moves, picks) }))
  .chain(({ moves, states }) =>
    fc
      .array(fc.nat({ max: states.length - 1 }), { maxLength: 3 * states.length })
      .map((arrived) => ({ lifecycle: moves, states, arrived })),
  );

function walk(moves: Lifecycle, picks: readonly number[]): PaymentStatus[] {
  const states: PaymentStatus[] = ['CREATED'];
  for (const pick of picks) {
    const from = states.at(-1);
    const next = moves.filter((move) => from !== undefined && move.from.includes(from)).map(({ to }) => to);
    const to = next[pick % Math.max(next.length, 1)];
    if (to === undefined) break;
    states.push(to);
  }
  return states;
}

/** The mirror that a life leaves: each event as it arrives, a read whenever one is asked for, and one by schedule. */
function mirror({ lifecycle: moves, states, arrived }: Life): { status: PaymentStatus; moves: MirrorMove[] } {
  const truth = states.at(-1) ?? 'CREATED';
  const seen: MirrorMove[] = [];
  let status: string = 'CREATED';
  let lastPlaced = status;
  const observe = (told: string, source: 'delivery' | 'read', ageMs: number): MirrorMove => {
    const move = decideMirrorMove(
      { lifecycle: moves, status, lastPlaced, ageMs, isOvertaken: false },
      { status: told, source, amountDiffers: false },
    );
    seen.push(move);
    if (move.kind === 'moved') {
      status = move.to;
      lastPlaced = status;
    }
    return move;
  };
  for (const place of arrived) {
    const told = states[place] ?? truth;
    if (observe(told, 'delivery', 0).kind === 'read') observe(truth, 'read', 0);
  }
  observe(truth, 'read', LAG_MS_MAX);
  return { status: status as PaymentStatus, moves: seen };
}

test('whatever arrives of the events of a payment, in whatever order and however often, its mirror ends as it is', () => {
  fc.assert(
    fc.property(life, (lived) => {
      const { status, moves } = mirror(lived);
      expect(status).toBe(lived.states.at(-1));
      expect(moves.filter(({ kind }) => kind === 'alarm')).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});

test('a delivery that contradicts a final state never moves it; the read that follows agrees or raises an alarm', () => {
  const final = fc.constantFrom<PaymentStatus>('SETTLED', 'UNSETTLED', 'EXPIRED', 'FAILED', 'REFUNDED');
  fc.assert(
    fc.property(lifecycle, final, final, final, (moves, status, told, truth) => {
      fc.pre(told !== status);
      const at = { lifecycle: moves, status, lastPlaced: status, ageMs: LAG_MS_MAX, isOvertaken: false };
      const byDelivery = decideMirrorMove(at, { status: told, source: 'delivery', amountDiffers: false });
      expect(byDelivery).toEqual({ kind: 'read', why: 'final' });
      const byRead = decideMirrorMove(at, { status: truth, source: 'read', amountDiffers: false });
      expect(byRead).toEqual(
        truth === status ? { kind: 'unchanged' } : { kind: 'alarm', alarm: 'final_contradicted' },
      );
    }),
  );
});

test('no walk through either lifecycle leaves a final state', () => {
  fc.assert(
    fc.property(life, ({ states }) => {
      expect(states.slice(0, -1).filter(isFinalStatus)).toEqual([]);
    }),
  );
});
