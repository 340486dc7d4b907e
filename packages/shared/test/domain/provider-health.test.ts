import { describe, expect, test } from 'vitest';
import {
  afterAnswer,
  afterFailedProbe,
  afterFailure,
  afterForbidden,
  afterTooMany,
  beginProbe,
  beginTrial,
  type FailedCall,
  growRate,
  isForbidden,
  type ProviderHealth,
} from '../../src/domain/provider-health.ts';

const WELL: ProviderHealth = {
  breaker: 'closed',
  failures: 0,
  failedPayments: [],
  openings: 0,
  nextTryInMs: null,
  forbidden: 0,
  forbiddenPayments: [],
  callsPerSecond: null,
  rateChangedMsAgo: null,
  turnedAwayMsAgo: null,
  succeededMsAgo: null,
};

const failure = (over: Partial<FailedCall> = {}): FailedCall => ({
  kind: 'write',
  payment: 'p1',
  notSent: false,
  afterSuccess: false,
  random: 0.5,
  ...over,
});

function fail(health: ProviderHealth, calls: readonly Partial<FailedCall>[]): ProviderHealth {
  return calls.reduce((now, call) => afterFailure(now, failure(call)) ?? now, health);
}

const OVER_THREE = ['p1', 'p2', 'p3', 'p1', 'p2'].map((payment) => ({ payment }));

describe('the breaker', () => {
  test('opens at the fifth failure in a row over three payments, and not before', () => {
    expect(fail(WELL, OVER_THREE.slice(0, 4)).breaker).toBe('closed');
    expect(fail(WELL, OVER_THREE)).toMatchObject({ breaker: 'open', openings: 1, nextTryInMs: 1_000 });
  });

  test('stays closed however often two payments fail: that may be their own trouble', () => {
    const two = Array.from({ length: 40 }, (_, nth) => ({ payment: `p${nth % 2}` }));
    expect(fail(WELL, two)).toMatchObject({ breaker: 'closed', failures: 40 });
  });

  test('opens for one payment when nothing left: what was not sent cannot be the fault of a payment', () => {
    const unsent = Array.from({ length: 5 }, () => ({ payment: 'p1', notSent: true }));
    expect(fail(WELL, unsent).breaker).toBe('open');
  });

  test('counts from one again after a call that went well', () => {
    const health = fail(WELL, [...OVER_THREE.slice(0, 4), { payment: 'p9', afterSuccess: true }]);
    expect(health).toMatchObject({ breaker: 'closed', failures: 1, failedPayments: ['p9'] });
  });

  test('waits longer before each probe that fails, up to 32 s; what was under way changes nothing', () => {
    let open = fail(WELL, OVER_THREE);
    for (const kind of ['read', 'write'] as const) expect(afterFailure(open, failure({ kind }))).toBeNull();
    const waits = Array.from({ length: 7 }, () => {
      open = afterFailedProbe(open, 0.5) ?? open;
      return open.nextTryInMs;
    });
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 32_000, 32_000]);
    expect(afterFailedProbe({ ...open, breaker: 'half_open' }, 0.5)).toBeNull();
  });

  test('half-open is opened again by a read, which makes the next probe wait no longer than before', () => {
    const halfOpen: ProviderHealth = { ...WELL, breaker: 'half_open', openings: 2 };
    const reopened = afterFailure(halfOpen, failure({ kind: 'read', payment: null }));
    expect(reopened).toMatchObject({ breaker: 'open', openings: 2, nextTryInMs: 2_000 });
  });

  test('is half-open after an answered read, closed after an answered write, and open again after a failure', () => {
    const halfOpen = afterAnswer(fail(WELL, OVER_THREE), 'read');
    expect(halfOpen).toMatchObject({ breaker: 'half_open', nextTryInMs: null });
    if (halfOpen === null) return;
    expect(afterAnswer(halfOpen, 'read')).toBeNull();
    expect(afterAnswer(halfOpen, 'write')).toMatchObject({ breaker: 'closed', failures: 0, openings: 0 });
    expect(fail(halfOpen, [{}])).toMatchObject({ breaker: 'open', openings: 2, nextTryInMs: 2_000 });
  });

  test('lets one write through at a time while half-open, and another when that one is given up', () => {
    const halfOpen: ProviderHealth = { ...WELL, breaker: 'half_open' };
    const tried = beginTrial(halfOpen, 15_000);
    expect(tried).toMatchObject({ breaker: 'half_open', nextTryInMs: 15_000 });
    expect(tried && beginTrial(tried, 15_000)).toBeNull();
    expect(beginTrial({ ...halfOpen, nextTryInMs: -1 }, 15_000)).not.toBeNull();
    expect(beginTrial({ ...halfOpen, breaker: 'open' }, 15_000)).toBeNull();
  });

  test('gives a due probe to one process alone', () => {
    const open: ProviderHealth = { ...WELL, breaker: 'open', nextTryInMs: 500 };
    expect(beginProbe(open, 30_000)).toBeNull();
    const probed = beginProbe({ ...open, nextTryInMs: -1 }, 30_000);
    expect(probed && beginProbe(probed, 30_000)).toBeNull();
  });

  test.each([
    ['probe', beginProbe, 'open'],
    ['trial', beginTrial, 'half_open'],
  ] as const)(
    'takes a %s that is an hour away for due: no wait is that long, the clock was set back',
    (_, begin, breaker) => {
      const waiting: ProviderHealth = { ...WELL, breaker, nextTryInMs: 125_000 };
      expect(begin(waiting, 15_000)).toBeNull();
      expect(begin({ ...waiting, nextTryInMs: 3_600_000 }, 15_000)).toMatchObject({ nextTryInMs: 15_000 });
    },
  );
});

describe('refusals with 403', () => {
  const refuse = (payments: readonly string[]) =>
    payments.reduce((now, payment) => afterForbidden(now, { payment, afterOther: false }), WELL);

  test('pause from five in a row over three payments on', () => {
    expect(isForbidden(refuse(['p1', 'p2', 'p3', 'p1']))).toBe(false);
    expect(isForbidden(refuse(['p1', 'p2', 'p1', 'p2', 'p1', 'p2']))).toBe(false);
    expect(isForbidden(refuse(['p1', 'p2', 'p3', 'p1', 'p2']))).toBe(true);
  });

  test('count from one again after a write that ended otherwise', () => {
    const health = afterForbidden(refuse(['p1', 'p2', 'p3', 'p4']), { payment: 'p5', afterOther: true });
    expect(health).toMatchObject({ forbidden: 1, forbiddenPayments: ['p5'] });
  });
});

describe('the shared rate', () => {
  test('starts at half of what was sent when the first 429 comes', () => {
    expect(afterTooMany(WELL, 80)).toMatchObject({ callsPerSecond: 40, rateChangedMsAgo: 0 });
    expect(afterTooMany(WELL, 1)?.callsPerSecond).toBe(25);
  });

  test('is halved once per wave and never below one call per second', () => {
    const limited: ProviderHealth = { ...WELL, callsPerSecond: 40, rateChangedMsAgo: 200 };
    expect(afterTooMany(limited, 500)).toBeNull();
    expect(afterTooMany({ ...limited, rateChangedMsAgo: 1_500 }, 500)).toMatchObject({ callsPerSecond: 20 });
    expect(
      afterTooMany({ ...limited, callsPerSecond: 1.2, rateChangedMsAgo: 1_500 }, 5)?.callsPerSecond,
    ).toBe(1);
  });

  test('grows by a quarter and one more every five seconds and is forgotten at last', () => {
    const limited: ProviderHealth = { ...WELL, callsPerSecond: 40, rateChangedMsAgo: 4_999 };
    expect(growRate(limited)).toBeNull();
    expect(growRate({ ...limited, rateChangedMsAgo: 5_000 })?.callsPerSecond).toBe(51);
    expect(growRate({ ...limited, callsPerSecond: 900, rateChangedMsAgo: 5_000 })?.callsPerSecond).toBeNull();
    expect(growRate(WELL)).toBeNull();
  });

  test('moves although the clock was set back since it changed', () => {
    const limited: ProviderHealth = { ...WELL, callsPerSecond: 40, rateChangedMsAgo: -3_600_000 };
    expect(growRate(limited)?.callsPerSecond).toBe(51);
    expect(afterTooMany(limited, 40)?.callsPerSecond).toBe(20);
    expect(growRate({ ...limited, rateChangedMsAgo: -3 })).toBeNull();
  });
});
