import type { ClaimedAttempt, ClaimedCommand } from '@capstan/shared/db/claims';
import { OPERATIONS, type Operation } from '@capstan/shared/domain/payment-command';
import { isCaptureTaken, isFinalStatus, PAYMENT_STATUSES } from '@capstan/shared/domain/payment-status';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Decision, decideNext, FAILURES_MAX } from '../src/decide-next.ts';
import { claimedCommand } from './claimed-command.ts';

const STATUSES = [null, ...Object.keys(PAYMENT_STATUSES), 'COMPLETED'];

function inShort({ action, stepsDone }: Decision): string {
  switch (action.kind) {
    case 'send':
      return `send ${action.operation} ${action.number}`;
    case 'resolve':
      return `resolve ${action.operation}`;
    case 'read':
      return 'read';
    case 'wait':
      return `wait ${action.why}`;
    case 'end':
      return `${action.status}${action.problem ? ` ${action.problem.code}` : ` after ${stepsDone}`}`;
  }
}

describe('a single step by the status of its payment, known from before or told just now', () => {
  const open = { CREATED: 'send', AUTHORIZED: 'send' };
  const taken = Object.fromEntries(
    ['CAPTURED', 'RECEIVED', 'SETTLED', 'UNSETTLED', 'REFUNDED'].map((status) => [
      status,
      'succeeded after 1',
    ]),
  );
  const rest = {
    null: 'read',
    ATTEMPT: 'read',
    DISPUTED: 'read',
    REVERSED: 'read',
    COMPLETED: 'read',
    REQUIRES_REVIEW: 'read',
    EXPIRED: 'rejected payment_not_open',
    FAILED: 'rejected payment_not_open',
  };
  const freshRest = {
    ...rest,
    ATTEMPT: 'parked payment_in_unexpected_status',
    DISPUTED: 'parked status_unclear',
    REVERSED: 'parked status_unclear',
    COMPLETED: 'parked status_unclear',
    REQUIRES_REVIEW: 'wait review',
  };

  test.each<[Operation, fresh: boolean, Record<string, string>]>([
    [
      'capture',
      false,
      { ...open, CREATED: 'send capture 1', AUTHORIZED: 'send capture 1', ...taken, ...rest },
    ],
    [
      'capture',
      true,
      { ...open, CREATED: 'send capture 1', AUTHORIZED: 'send capture 1', ...taken, ...freshRest },
    ],
    ['authorize', false, { CREATED: 'send authorize 1', AUTHORIZED: 'succeeded after 1', ...taken, ...rest }],
    [
      'authorize',
      true,
      { CREATED: 'send authorize 1', AUTHORIZED: 'succeeded after 1', ...taken, ...freshRest },
    ],
    ['create', false, Object.fromEntries(STATUSES.map((status) => [String(status), 'send create 1']))],
    ['refund', false, Object.fromEntries(STATUSES.map((status) => [String(status), 'read']))],
    [
      'refund',
      true,
      {
        ...Object.fromEntries(STATUSES.map((status) => [String(status), 'rejected payment_not_settled'])),
        SETTLED: 'send refund 1',
      },
    ],
  ])('%s (fresh: %s)', (operation, fresh, expected) => {
    const decided = STATUSES.map((paymentStatus) => {
      const command = claimedCommand({ steps: [operation], paymentStatus });
      return [String(paymentStatus), inShort(decideNext(command, fresh))];
    });
    expect(Object.fromEntries(decided)).toEqual(expected);
  });
});

describe('a step by its newest attempt', () => {
  const attempt = (over: Partial<ClaimedAttempt>): ClaimedAttempt => ({
    id: 7,
    number: 2,
    outcome: null,
    resolution: null,
    ...over,
  });

  test.each<[what: string, ClaimedAttempt, string]>([
    ['under way when its worker died', attempt({}), 'resolve'],
    ['of unknown outcome', attempt({ outcome: 'unknown' }), 'resolve'],
    ['unknown and found without effect', attempt({ outcome: 'unknown', resolution: 'retryable' }), 'send'],
    ['without effect for certain', attempt({ outcome: 'retryable' }), 'send'],
  ])('%s', (_what, newest, expected) => {
    for (const operation of OPERATIONS) {
      const paymentStatus = operation === 'refund' ? 'SETTLED' : 'CREATED';
      const command = claimedCommand({ steps: [operation], attempt: newest, paymentStatus });
      const next = expected === 'send' ? `send ${operation} 3` : `resolve ${operation}`;
      expect(inShort(decideNext(command, true))).toBe(next);
    }
  });
});

test('what a person has ruled out is never sent again', () => {
  const attempt = { id: 1, number: 1, outcome: 'unknown', resolution: 'ruled_out' } as const;
  const command = claimedCommand({ steps: ['create'], createBody: '{}', conomyId: null, attempt });
  expect(decideNext(command, true).action).toMatchObject({
    kind: 'end',
    status: 'rejected',
    problem: { code: 'not_made' },
  });
});

describe('a plan of several steps', () => {
  const plan = (over: Partial<ClaimedCommand>) =>
    claimedCommand({
      type: 'payment.create',
      steps: ['create', 'authorize', 'capture'],
      createBody: '{}',
      ...over,
    });

  test.each([
    ['begins with the create', plan({ paymentStatus: null, conomyId: null }), 'send create 1'],
    ['goes on with authorize', plan({ stepsDone: 1 }), 'send authorize 1'],
    [
      'skips an authorize that happened anyway',
      plan({ stepsDone: 1, paymentStatus: 'AUTHORIZED' }),
      'send capture 1',
    ],
    [
      'is done when the platform captured by itself',
      plan({ stepsDone: 1, paymentStatus: 'CAPTURED' }),
      'succeeded after 3',
    ],
    ['is done after its last step', plan({ stepsDone: 3, paymentStatus: 'CAPTURED' }), 'succeeded after 3'],
    [
      'counts attempts per step',
      plan({
        stepsDone: 1,
        paymentStatus: 'AUTHORIZED',
        attempt: { id: 1, number: 4, outcome: 'retryable', resolution: null },
      }),
      'send capture 1',
    ],
  ])('%s', (_what, command, expected) => {
    expect(inShort(decideNext(command, false))).toBe(expected);
  });
});

describe('a later step of a payment that was asked for', () => {
  const asked = { externalId: 'order-1', purchaseAmount: '30000.00', purchaseCurrency: 'COP' };
  const LATER = OPERATIONS.filter((operation) => operation !== 'create' && operation !== 'create_attempt');
  const later = (operation: Operation, over: Partial<ClaimedCommand>) => {
    const paymentStatus = operation === 'refund' ? 'SETTLED' : 'CREATED';
    return inShort(decideNext(claimedCommand({ steps: [operation], asked, paymentStatus, ...over }), true));
  };

  test.each(LATER)('%s waits for a whole read until one was compared', (operation) => {
    expect(later(operation, { isCompared: false })).toBe('read');
    expect(later(operation, { isCompared: true })).toBe(`send ${operation} 1`);
    expect(later(operation, { isCompared: false, asked: null })).toBe(`send ${operation} 1`);
  });

  test.each(LATER)(
    '%s is parked while the amount differs, or when it was read as another payment',
    (operation) => {
      expect(later(operation, { amountDiffers: true })).toBe('parked amount_differs');
      expect(later(operation, { isCompared: false, differs: ['externalId'] })).toBe('parked payment_unclear');
    },
  );

  test('that happened already needs nothing to leave, whatever its amount', () => {
    expect(later('capture', { amountDiffers: true, paymentStatus: 'CAPTURED' })).toBe('succeeded after 1');
  });

  test('does not hold up the create itself', () => {
    const create = { steps: ['create' as const], conomyId: null, paymentStatus: null };
    expect(later('create', { ...create, isCompared: false, amountDiffers: true })).toBe('send create 1');
  });
});

describe('a deadline that has passed', () => {
  test('cancels a command that was not begun', () => {
    expect(inShort(decideNext(claimedCommand({ deadlinePassed: true }), false))).toBe(
      'canceled deadline_passed',
    );
  });

  const plan = (over: Partial<ClaimedCommand>) =>
    claimedCommand({
      deadlinePassed: true,
      type: 'payment.create',
      steps: ['create', 'authorize', 'capture'],
      createBody: '{}',
      ...over,
    });
  const sent = (end: Partial<ClaimedAttempt>) => ({
    attempt: { id: 1, number: 1, outcome: null, resolution: null, ...end } as const,
  });

  test.each<[what: string, ClaimedCommand, string]>([
    ['of a step that could not be sent', plan(sent({ outcome: 'retryable' })), 'canceled deadline_passed'],
    [
      'of a step that is absent',
      plan(sent({ outcome: 'unknown', resolution: 'retryable' })),
      'canceled deadline_passed',
    ],
    ['of a later step', plan({ stepsDone: 2 }), 'canceled deadline_passed after 2'],
    [
      'of a later step that needs a read first',
      plan({ stepsDone: 2, paymentStatus: null }),
      'canceled deadline_passed after 2',
    ],
    [
      'of a step before a review',
      plan({ stepsDone: 2, paymentStatus: 'REQUIRES_REVIEW' }),
      'canceled deadline_passed after 2',
    ],
    [
      'of a step behind one that is done anyway',
      plan({ stepsDone: 1, paymentStatus: 'AUTHORIZED' }),
      'canceled deadline_passed after 2',
    ],
    [
      'of a plan whose every step is done anyway',
      plan({ stepsDone: 1, paymentStatus: 'CAPTURED' }),
      'succeeded after 3',
    ],
    ['of a step of unknown outcome', plan(sent({ outcome: 'unknown' })), 'resolve create'],
    ['of a call under way', plan(sent({})), 'resolve create'],
    [
      'of a step that was sent and is held by a review',
      plan({ stepsDone: 2, paymentStatus: 'REQUIRES_REVIEW', ...sent({ outcome: 'unknown' }) }),
      'wait review after 2',
    ],
  ])('%s', (_what, command, expected) => {
    const { stepsDone } = command;
    const decision = decideNext(command, true);
    const shown = inShort(decision);
    const isAfter = expected.includes(' after ') && !shown.includes(' after ');
    expect(isAfter ? `${shown} after ${decision.stepsDone}` : shown).toBe(expected);
    expect(decision.stepsDone).toBeGreaterThanOrEqual(stepsDone);
  });
});

test('five writes that failed for certain park the command for a person', () => {
  expect(inShort(decideNext(claimedCommand({ failures: FAILURES_MAX - 1 }), false))).toBe('send capture 1');
  expect(inShort(decideNext(claimedCommand({ failures: FAILURES_MAX }), false))).toBe(
    'parked attempts_exhausted',
  );
});

describe('whatever the rows say', () => {
  const attempt = fc.option(
    fc
      .oneof(
        fc.record({ outcome: fc.constantFrom(null, 'retryable' as const), resolution: fc.constant(null) }),
        fc.record({
          outcome: fc.constant('unknown' as const),
          resolution: fc.constantFrom(null, 'retryable'),
        }),
      )
      .chain((end) =>
        fc.record({
          id: fc.constant(1),
          number: fc.integer({ min: 1, max: 9 }),
          outcome: fc.constant(end.outcome),
          resolution: fc.constant(end.resolution),
        }),
      ),
  );
  const steps = fc.constantFrom<Operation[]>(
    ['create'],
    ['create', 'capture'],
    ['create', 'authorize', 'capture'],
    ['authorize'],
    ['capture'],
  );
  const command = fc
    .record({
      steps,
      stepsDone: fc.nat({ max: 3 }),
      failures: fc.nat({ max: 6 }),
      deadlinePassed: fc.boolean(),
      paymentStatus: fc.constantFrom(...STATUSES),
      attempt,
    })
    .filter(({ steps: plan, stepsDone }) => stepsDone <= plan.length)
    .map((over) => claimedCommand(over));

  function holds(law: (command: ClaimedCommand, decision: Decision, fresh: boolean) => void) {
    fc.assert(
      fc.property(command, fc.boolean(), (given, fresh) => {
        law(given, decideNext(given, fresh), fresh);
      }),
      { numRuns: 3_000 },
    );
  }

  test('nothing is sent while an outcome is unknown', () => {
    holds(({ attempt: newest, stepsDone, steps: plan, paymentStatus }, { action }, fresh) => {
      const open =
        newest !== null &&
        (newest.outcome === null || (newest.outcome === 'unknown' && newest.resolution === null));
      if (!open || stepsDone >= plan.length) return;
      const isHeld = fresh && paymentStatus === 'REQUIRES_REVIEW' && plan[stepsDone] !== 'create';
      expect(action).toMatchObject(isHeld ? { kind: 'wait', why: 'review' } : { kind: 'resolve' });
    });
  });

  test('capture is sent only for a payment known to be CREATED or AUTHORIZED', () => {
    holds(({ paymentStatus }, { action }) => {
      if (action.kind === 'send' && action.operation === 'capture')
        expect(['CREATED', 'AUTHORIZED']).toContain(paymentStatus);
      if (action.kind === 'send' && action.operation === 'authorize') expect(paymentStatus).toBe('CREATED');
    });
  });

  test('nothing but a create is sent for a payment that is final or captured', () => {
    holds(({ paymentStatus }, { action }) => {
      if (paymentStatus === null || !(isFinalStatus(paymentStatus) || isCaptureTaken(paymentStatus))) return;
      if (action.kind === 'send') expect(action.operation).toBe('create');
    });
  });

  test('a fresh status is not read again', () => {
    holds(({ paymentStatus }, { action }, fresh) => {
      if (fresh && paymentStatus !== null) expect(action.kind).not.toBe('read');
    });
  });

  test('every end but success states its problem, and success has every step done', () => {
    holds(({ steps: plan }, { action, stepsDone }) => {
      if (action.kind !== 'end') return;
      expect(action.problem === null).toBe(action.status === 'succeeded');
      if (action.status === 'succeeded') expect(stepsDone).toBe(plan.length);
    });
  });

  test('nothing is sent after the notAfter instant', () => {
    holds(({ deadlinePassed }, { action }) => {
      if (deadlinePassed) expect(action.kind).not.toBe('send');
    });
  });

  test('steps done never decrease', () => {
    holds((given, { stepsDone }) => {
      expect(stepsDone).toBeGreaterThanOrEqual(given.stepsDone);
    });
  });
});
