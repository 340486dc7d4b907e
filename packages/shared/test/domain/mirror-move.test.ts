import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideMirrorMove, type MirrorMove, type ObservationSource } from '../../src/domain/mirror-move.ts';
import {
  isCaptureTaken,
  isFinalStatus,
  isKnownStatus,
  isLegalSuccessor,
  PAYMENT_STATUSES,
  type PaymentStatus,
} from '../../src/domain/payment-status.ts';

const STATUSES = Object.keys(PAYMENT_STATUSES) as PaymentStatus[];
const SOURCES: ObservationSource[] = ['delivery', 'answer', 'read'];
const FINAL: PaymentStatus[] = ['SETTLED', 'UNSETTLED', 'EXPIRED', 'FAILED', 'REFUNDED'];

function decide(current: string | null, status: string, source: ObservationSource): MirrorMove {
  return decideMirrorMove(current, { status, source, amountDiffers: false }, null);
}

/** One letter per move, for a table that can be read at a glance. */
function letter(move: MirrorMove): string {
  switch (move.kind) {
    case 'unchanged':
      return '=';
    case 'moved':
      return move.alarm ? 'u' : 'M';
    case 'read':
      return 'r';
    case 'stale':
      return '.';
    case 'alarm':
      return '!';
  }
}

function table(source: ObservationSource): Record<string, string> {
  const rows = [null, ...STATUSES].map((current) => [
    String(current),
    STATUSES.map((status) => letter(decide(current, status, source))).join(''),
  ]);
  return Object.fromEntries(rows);
}

/** Columns: ATTEMPT CREATED AUTHORIZED REQUIRES_REVIEW CAPTURED RECEIVED SETTLED UNSETTLED EXPIRED FAILED REFUNDED. */
describe('current × observed status', () => {
  test('by a read: ahead or final moves, behind is lag, a contradicted final state is an alarm', () => {
    expect(table('read')).toEqual({
      null: 'MMMMMMMMMMM',
      ATTEMPT: '=MMMMMMMMMM',
      CREATED: '.=MMMMMMMMM',
      AUTHORIZED: '..=MMMMMMMM',
      REQUIRES_REVIEW: '.MM=MMMMMMM',
      CAPTURED: '...M=MMMMMM',
      RECEIVED: '.....=MMMMM',
      SETTLED: '!!!!!!=!!!!',
      UNSETTLED: '!!!!!!!=!!!',
      EXPIRED: '!!!!!!!!=!!',
      FAILED: '!!!!!!!!!=!',
      REFUNDED: '!!!!!!!!!!=',
    });
  });

  test('by a delivery: a legal non-final successor moves, an older fact is stale, the rest is read', () => {
    expect(table('delivery')).toEqual({
      null: 'rrrrrrrrrrr',
      ATTEMPT: '=Mrrrrrrrrr',
      CREATED: '.=MMMrrrrrr',
      AUTHORIZED: '..=MMrrrrrr',
      REQUIRES_REVIEW: '.MM=Mrrrrrr',
      CAPTURED: '...M=Mrrrrr',
      RECEIVED: '.....=rrrrr',
      SETTLED: '......=rrrr',
      UNSETTLED: '......r=rrr',
      EXPIRED: '....rrrr=rr',
      FAILED: '......rrr=r',
      REFUNDED: 'rrrrrrrrrr=',
    });
  });

  test('by an answer: non-final states ahead move, final ones are read', () => {
    expect(table('answer')).toEqual({
      null: 'MMMMMMrrrrr',
      ATTEMPT: '=MMMMMrrrrr',
      CREATED: '.=MMMMrrrrr',
      AUTHORIZED: '..=MMMrrrrr',
      REQUIRES_REVIEW: '.MM=MMrrrrr',
      CAPTURED: '...M=Mrrrrr',
      RECEIVED: '.....=rrrrr',
      SETTLED: '......=rrrr',
      UNSETTLED: '......r=rrr',
      EXPIRED: '......rr=rr',
      FAILED: '......rrr=r',
      REFUNDED: '......rrrr=',
    });
  });
});

test.each<[lastKnown: string | null, status: string, kind: MirrorMove['kind']]>([
  ['CAPTURED', 'CREATED', 'stale'],
  ['CAPTURED', 'AUTHORIZED', 'stale'],
  ['CAPTURED', 'CAPTURED', 'moved'],
  ['CAPTURED', 'RECEIVED', 'moved'],
  ['CAPTURED', 'FAILED', 'moved'],
  ['CAPTURED', 'ON_HOLD', 'unchanged'],
  ['CAPTURED', 'LATER_STILL', 'moved'],
  [null, 'CREATED', 'moved'],
])('from a status nobody knows, after %s, a read of %s is %s', (lastKnown, status, kind) => {
  const observed = { status, source: 'read', amountDiffers: false } as const;
  expect(decideMirrorMove('ON_HOLD', observed, lastKnown).kind).toBe(kind);
});

describe('laws of the mirror', () => {
  const anyStatus = fc.oneof(
    fc.constantFrom<string>(...STATUSES),
    fc.string(),
    fc.constantFrom('DISPUTED', 'toString'),
  );
  const anyCurrent = fc.oneof(fc.constant(null), anyStatus);
  const observation = fc.record({
    status: anyStatus,
    source: fc.constantFrom(...SOURCES),
    amountDiffers: fc.boolean(),
  });

  function holds(
    law: (
      current: string | null,
      observed: typeof observation extends fc.Arbitrary<infer O> ? O : never,
      move: MirrorMove,
    ) => void,
  ) {
    fc.assert(
      fc.property(anyCurrent, observation, (current, observed) => {
        law(current, observed, decideMirrorMove(current, observed, null));
      }),
      { numRuns: 2_000 },
    );
  }

  test('a final state is entered only by a read', () => {
    holds((_current, { source }, move) => {
      if (move.kind === 'moved' && isFinalStatus(move.to)) expect(source).toBe('read');
    });
  });

  test('a final state is never left', () => {
    holds((current, _observed, move) => {
      if (isFinalStatus(current)) expect(move.kind).not.toBe('moved');
    });
  });

  test('a read that contradicts a final state raises an alarm, and nothing else does', () => {
    holds((current, { source, status }, move) => {
      const contradicts = source === 'read' && isFinalStatus(current) && status !== current;
      expect(move.kind === 'alarm').toBe(contradicts);
    });
  });

  test('a move always goes to the observed status and never to the one it came from', () => {
    holds((current, { status }, move) => {
      if (move.kind !== 'moved') return;
      expect(move.to).toBe(status);
      expect(move.to).not.toBe(current);
    });
  });

  test('a read never moves a payment back, except out of a review', () => {
    holds((current, { source, status }, move) => {
      if (source !== 'read' || move.kind !== 'moved' || current === null) return;
      if (!isKnownStatus(current) || !isKnownStatus(status)) return;
      const forward: PaymentStatus[] = ['ATTEMPT', 'CREATED', 'AUTHORIZED', 'CAPTURED', 'RECEIVED', ...FINAL];
      if (current === 'REQUIRES_REVIEW' || status === 'REQUIRES_REVIEW')
        expect(isFinalStatus(current)).toBe(false);
      else expect(forward.indexOf(status)).toBeGreaterThan(forward.indexOf(current));
    });
  });

  test('a delivery moves only to a documented, non-final successor', () => {
    holds((current, { source }, move) => {
      if (source !== 'delivery' || move.kind !== 'moved') return;
      expect(isLegalSuccessor(current as PaymentStatus, move.to as PaymentStatus)).toBe(true);
      expect(isFinalStatus(move.to)).toBe(false);
    });
  });

  test('another amount is never believed without a read', () => {
    holds((_current, { source, amountDiffers }, move) => {
      if (amountDiffers && source !== 'read') expect(move).toEqual({ kind: 'read', why: 'amount_differs' });
    });
  });

  test('an unknown status is stored by a read with an alarm, and asks for a read otherwise', () => {
    holds((current, { source, status, amountDiffers }, move) => {
      if (isKnownStatus(status) || status === current || isFinalStatus(current)) return;
      if (source === 'read') expect(move).toEqual({ kind: 'moved', to: status, alarm: 'unknown_status' });
      else if (!amountDiffers) expect(move).toEqual({ kind: 'read', why: 'unknown_status' });
    });
  });

  test('a final state the provider reports by a read is always taken, whatever open state the mirror shows', () => {
    fc.assert(
      fc.property(anyCurrent, fc.constantFrom(...FINAL), (current, final) => {
        fc.pre(!isFinalStatus(current));
        expect(decide(current, final, 'read')).toEqual({ kind: 'moved', to: final, alarm: null });
      }),
    );
  });
});

describe('payment statuses', () => {
  test('exactly five are final, and nothing follows a final one', () => {
    expect(STATUSES.filter(isFinalStatus)).toEqual(FINAL);
    for (const status of FINAL) expect(PAYMENT_STATUSES[status].next).toEqual([]);
    expect(isFinalStatus(null)).toBe(false);
    expect(isFinalStatus('COMPLETED')).toBe(false);
  });

  test('a review or an open payment does not prove that a capture was taken', () => {
    expect(STATUSES.filter(isCaptureTaken)).toEqual([
      'CAPTURED',
      'RECEIVED',
      'SETTLED',
      'UNSETTLED',
      'REFUNDED',
    ]);
  });
});
