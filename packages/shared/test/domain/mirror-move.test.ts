import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLegalSuccessor, PAYMENT_LIFECYCLE, REFUND_LIFECYCLE } from '../../src/domain/lifecycle.ts';
import {
  decideMirrorMove,
  LAG_MS_MAX,
  type MirrorMove,
  type MirrorState,
  type Observation,
  type ObservationSource,
} from '../../src/domain/mirror-move.ts';
import {
  alarmOfStatus,
  isCaptureTaken,
  isFinalStatus,
  PAYMENT_STATUSES,
  type PaymentStatus,
} from '../../src/domain/payment-status.ts';

const ALL_STATUSES = Object.keys(PAYMENT_STATUSES) as PaymentStatus[];
/** Those with documented moves. */
const STATUSES = ALL_STATUSES.filter((status) => alarmOfStatus(status) === null);
const SOURCES: ObservationSource[] = ['delivery', 'answer', 'read'];
const FINAL: PaymentStatus[] = ['SETTLED', 'UNSETTLED', 'EXPIRED', 'FAILED', 'REFUNDED'];

function mirrorAt(status: string | null, more: Partial<MirrorState> = {}): MirrorState {
  return { lifecycle: PAYMENT_LIFECYCLE, status, lastPlaced: null, ageMs: 0, isOvertaken: false, ...more };
}

function decide(
  current: string | null,
  status: string,
  source: ObservationSource,
  more: Partial<MirrorState> = {},
): MirrorMove {
  return decideMirrorMove(mirrorAt(current, more), { status, source, amountDiffers: false });
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
      return move.alarm === 'went_back' ? 'b' : '!';
  }
}

function table(source: ObservationSource, more: Partial<MirrorState> = {}): Record<string, string> {
  const rows = [null, ...STATUSES].map((current) => [
    String(current),
    STATUSES.map((status) => letter(decide(current, status, source, more))).join(''),
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

  test('by a read of a mirror that stood so long that no answer lags: back through a review, or an alarm', () => {
    const open = {
      null: 0,
      ATTEMPT: 0,
      CREATED: 0,
      AUTHORIZED: 0,
      REQUIRES_REVIEW: 0,
      CAPTURED: 0,
      RECEIVED: 0,
    };
    const rows = Object.entries(table('read', { ageMs: LAG_MS_MAX }));
    expect(Object.fromEntries(rows.filter(([current]) => current in open))).toEqual({
      null: 'MMMMMMMMMMM',
      ATTEMPT: '=MMMMMMMMMM',
      CREATED: 'b=MMMMMMMMM',
      AUTHORIZED: 'bM=MMMMMMMM',
      REQUIRES_REVIEW: 'bMM=MMMMMMM',
      CAPTURED: 'bMMM=MMMMMM',
      RECEIVED: 'bbbbb=MMMMM',
    });
  });

  test('by a read that the mirror may have overtaken: only another final state contradicts a final one', () => {
    const rows = table('read', { ageMs: null });
    expect(FINAL.map((status) => rows[status])).toEqual([
      '......=!!!!',
      '......!=!!!',
      '......!!=!!',
      '......!!!=!',
      '......!!!!=',
    ]);
  });

  test('of a refund by a read: RECEIVED comes before CAPTURED', () => {
    const rows = table('read', { lifecycle: REFUND_LIFECYCLE });
    expect([rows.RECEIVED, rows.CAPTURED]).toEqual(['....M=MMMMM', '....=.MMMMM']);
  });

  test('of a refund by a delivery: CAPTURED moves a RECEIVED one, and RECEIVED is stale after it', () => {
    const rows = table('delivery', { lifecycle: REFUND_LIFECYCLE });
    expect([rows.RECEIVED, rows.CAPTURED]).toEqual(['r..rM=rrrr', 'r..r=.rrrr'].map((row) => `${row}r`));
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

test.each<[lastPlaced: string | null, status: string, kind: MirrorMove['kind']]>([
  ['CAPTURED', 'CREATED', 'stale'],
  ['CAPTURED', 'AUTHORIZED', 'stale'],
  ['CAPTURED', 'CAPTURED', 'moved'],
  ['CAPTURED', 'RECEIVED', 'moved'],
  ['CAPTURED', 'FAILED', 'moved'],
  ['CAPTURED', 'ON_HOLD', 'unchanged'],
  ['CAPTURED', 'DISPUTED', 'moved'],
  ['CAPTURED', 'LATER_STILL', 'moved'],
  [null, 'CREATED', 'moved'],
])('from a status without documented moves, after %s, a read of %s is %s', (lastPlaced, status, kind) => {
  expect(decide('ON_HOLD', status, 'read', { lastPlaced }).kind).toBe(kind);
});

describe('laws of the mirror', () => {
  const anyStatus = fc.oneof(
    fc.constantFrom<string>(...ALL_STATUSES),
    fc.string(),
    fc.constantFrom('COMPLETED', 'toString'),
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
        law(current, observed, decideMirrorMove(mirrorAt(current), observed));
      }),
      { numRuns: 2_000 },
    );
  }

  test('a final state is entered only by a read', () => {
    holds((_current, { source }, move) => {
      if (move.kind === 'moved' && isFinalStatus(move.to)) expect(source).toBe('read');
    });
  });

  test('what was overtaken by a move of the mirror moves nothing and contradicts nothing', () => {
    fc.assert(
      fc.property(
        anyCurrent,
        observation,
        fc.constantFrom(...SOURCES, 'operator'),
        (current, told, source) => {
          const observed = { ...told, source } as Observation;
          const { kind } = decideMirrorMove(mirrorAt(current, { isOvertaken: true }), observed);
          const inTime = decideMirrorMove(mirrorAt(current), observed).kind;
          expect(kind).toBe(inTime === 'moved' || inTime === 'alarm' ? 'read' : inTime);
        },
      ),
    );
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
      if (alarmOfStatus(current) !== null || alarmOfStatus(status) !== null) return;
      const forward: PaymentStatus[] = ['ATTEMPT', 'CREATED', 'AUTHORIZED', 'CAPTURED', 'RECEIVED', ...FINAL];
      if (current === 'REQUIRES_REVIEW' || status === 'REQUIRES_REVIEW')
        expect(isFinalStatus(current)).toBe(false);
      else
        expect(forward.indexOf(status as PaymentStatus)).toBeGreaterThan(
          forward.indexOf(current as PaymentStatus),
        );
    });
  });

  test('a delivery moves only to a documented, non-final successor', () => {
    holds((current, { source }, move) => {
      if (source !== 'delivery' || move.kind !== 'moved') return;
      expect(isLegalSuccessor(PAYMENT_LIFECYCLE, current as PaymentStatus, move.to as PaymentStatus)).toBe(
        true,
      );
      expect(isFinalStatus(move.to)).toBe(false);
    });
  });

  test('another amount is never believed without a read', () => {
    holds((_current, { source, amountDiffers }, move) => {
      if (amountDiffers && source !== 'read') expect(move).toEqual({ kind: 'read', why: 'amount_differs' });
    });
  });

  test('a status without documented moves is stored by a read with an alarm, and asks for a read otherwise', () => {
    holds((current, { source, status, amountDiffers }, move) => {
      const alarm = alarmOfStatus(status);
      if (alarm === null || status === current || isFinalStatus(current)) return;
      if (source === 'read') expect(move).toEqual({ kind: 'moved', to: status, alarm });
      else if (!amountDiffers) expect(move).toEqual({ kind: 'read', why: alarm });
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
    for (const { from } of [...PAYMENT_LIFECYCLE, ...REFUND_LIFECYCLE])
      expect(from.filter(isFinalStatus)).toEqual([]);
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
