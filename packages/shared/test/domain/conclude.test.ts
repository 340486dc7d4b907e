import { describe, expect, test } from 'vitest';
import { COMMAND_PROBLEMS, type CommandProblemCode } from '../../src/domain/command-problems.ts';
import { COMMAND_STATUSES, type CommandStatus } from '../../src/domain/command-status.ts';
import {
  type ConcludedAttempt,
  type ConcludedCommand,
  type ConcludedOutcome,
  type ListedChild,
  openAttemptOf,
  operationOf,
  refuseByRows,
  refuseChoice,
  refuseConfirmed,
  refuseCreateRuledOut,
  refuseRefundRuledOut,
  refuseRuledOut,
  stepsAfter,
  type ToldEffect,
} from '../../src/domain/conclude.ts';
import type { Operation } from '../../src/domain/payment-command.ts';
import { atCapture, atRefund, attempt, codeOf, NOT_BEFORE, parked } from './concluded-commands.ts';

const EARLIER = new Date(NOT_BEFORE.getTime() - 1);

describe('by its rows', () => {
  const PARKED_CODES = (Object.keys(COMMAND_PROBLEMS) as CommandProblemCode[]).filter((code) =>
    (COMMAND_PROBLEMS[code].statuses as readonly string[]).includes('parked'),
  );
  const OUTCOMES = ['made', 'choose', 'not_made', 'give_up'] as const;

  test.each(OUTCOMES.flatMap((outcome) => PARKED_CODES.map((code) => [code, outcome] as const)))(
    'a command parked %s is concluded by %s where its code offers that, and by nothing else',
    (problemCode, outcome) => {
      const { outcomes } = COMMAND_PROBLEMS[problemCode] as { outcomes: readonly string[] };
      // As its outcome needs it: what is given up has nothing in doubt, all else has.
      const attempts = outcome === 'give_up' ? [] : [attempt()];
      expect(codeOf(refuseByRows(parked({ problemCode, attempts }), outcome))).toBe(
        outcomes.includes(outcome) ? null : 'outcome_not_offered',
      );
    },
  );

  test.each(
    (Object.keys(COMMAND_STATUSES) as CommandStatus[])
      .filter((status) => status !== 'parked')
      .flatMap((status) => OUTCOMES.map((outcome) => [status, outcome] as const)),
  )('a command that is %s is not concluded by %s', (status, outcome) => {
    expect(codeOf(refuseByRows(parked({ status }), outcome))).toBe('not_parked');
  });

  test.each<[string, Partial<ConcludedAttempt>[], ConcludedOutcome, string | null]>([
    ['one under way', [{ outcome: null, resolution: null }], 'give_up', 'outcome_not_offered'],
    ['one nobody knows of', [{ resolution: null }], 'give_up', 'outcome_not_offered'],
    ['one that is parked', [{}], 'give_up', 'outcome_not_offered'],
    ['one in doubt before others', [{}, { outcome: 'retryable' }], 'give_up', 'outcome_not_offered'],
    ['one in doubt of a later step', [{ step: 1 }], 'give_up', 'outcome_not_offered'],
    ['one that was absent', [{ resolution: 'retryable' }], 'give_up', null],
    ['one that was refused', [{ outcome: 'rejected', resolution: null }], 'give_up', null],
    ['one that was absent', [{ resolution: 'retryable' }], 'not_made', 'outcome_not_offered'],
    ['one that was ruled out', [{ resolution: 'ruled_out' }], 'not_made', 'outcome_not_offered'],
    ['one in doubt of another step', [{ step: 1 }], 'not_made', 'outcome_not_offered'],
    ['none', [], 'not_made', 'outcome_not_offered'],
    ['none', [], 'made', 'outcome_not_offered'],
    ['none', [], 'give_up', null],
  ])('with %s of its attempts (%j) %s comes to %s', (_what, attempts, outcome, code) => {
    const command = parked({ problemCode: 'unreadable', attempts: attempts.map(attempt) });
    expect(codeOf(refuseByRows(command, outcome))).toBe(code);
  });

  test.each<[Operation, string | null]>([
    ['create', 'outcome_not_offered'],
    ['create_attempt', 'outcome_not_offered'],
    ['refund', 'outcome_not_offered'],
    ['submit_document', 'outcome_not_offered'],
    // Whoever took it: the status tells.
    ['authorize', null],
    ['capture', null],
  ])('a step %s of which nothing left is told to be made: %s', (operation, code) => {
    const command = parked({ problemCode: 'unreadable', steps: [operation], attempts: [] });
    expect(codeOf(refuseByRows(command, 'made'))).toBe(code);
  });

  test('not made is too early until the instant from which the call can be ruled out, and says it', () => {
    expect(refuseByRows(parked({ now: EARLIER }), 'not_made')).toMatchObject({
      code: 'too_early',
      notBefore: NOT_BEFORE,
    });
    expect(refuseByRows(parked({ now: NOT_BEFORE }), 'not_made')).toBeNull();
  });

  test('the instant is that of the newest attempt in doubt, not of those before it', () => {
    const newest = attempt({ id: 2, notBefore: new Date(NOT_BEFORE.getTime() + 1) });
    const command = parked({ attempts: [attempt(), newest] });
    expect(openAttemptOf(command)).toBe(newest);
    expect(codeOf(refuseByRows(command, 'not_made'))).toBe('too_early');
  });

  test('made and a choice need no day to pass', () => {
    expect(refuseByRows(parked({ now: EARLIER }), 'made')).toBeNull();
    expect(
      refuseByRows(parked({ now: EARLIER, problemCode: 'several_payments_found' }), 'choose'),
    ).toBeNull();
  });

  test.each<[string, Partial<ConcludedCommand>, string | null]>([
    ['a refund that was ruled out', { status: 'rejected', problemCode: 'not_made' }, null],
    ['a parked refund', {}, 'outcome_not_offered'],
    [
      'a refund that Conomy refused',
      { status: 'rejected', problemCode: 'provider_rejected' },
      'outcome_not_offered',
    ],
    [
      'a create that was ruled out',
      { status: 'rejected', problemCode: 'not_made', steps: ['create'] },
      'outcome_not_offered',
    ],
  ])('that it will never be made is said of %s (%j): %s', (_what, over, code) => {
    expect(codeOf(refuseByRows(atRefund(over), 'confirmed_not_made'))).toBe(code);
  });
});

describe('a choice among several', () => {
  const UNMOVED = ['ATTEMPT', 'CREATED', 'AUTHORIZED', 'FAILED', 'EXPIRED'];
  const MAY_HAVE_MOVED = [
    ...['CAPTURED', 'RECEIVED', 'SETTLED', 'UNSETTLED', 'DISPUTED', 'REVERSED'],
    ...['REQUIRES_REVIEW', 'ODD', ''],
  ];

  test.each(UNMOVED)('is free beside one that is %s', (status) => {
    expect(refuseChoice([{ id: 'p2', status }])).toBeNull();
  });

  test.each(MAY_HAVE_MOVED)('is refused beside one that is "%s", and names it alone', (status) => {
    const others = [
      { id: 'p2', status: 'CREATED' },
      { id: 'p3', status },
    ];
    expect(refuseChoice(others)).toMatchObject({ code: 'another_was_captured', ids: ['p3'] });
  });
});

describe('not made', () => {
  const told = (status: string, documentationStatus: string | null = null): ToldEffect => ({
    id: 'p1',
    status,
    documentationStatus,
  });
  const MAY_BE = [
    'ATTEMPT',
    'CAPTURED',
    'RECEIVED',
    'SETTLED',
    'UNSETTLED',
    'REQUIRES_REVIEW',
    'DISPUTED',
    'ODD',
  ];

  test.each([
    ...['CREATED', 'FAILED', 'EXPIRED'].map((status) => ['authorize', status, null] as const),
    ...['AUTHORIZED', ...MAY_BE].map((status) => ['authorize', status, 'effect_may_exist'] as const),
    ...['CREATED', 'AUTHORIZED', 'FAILED', 'EXPIRED'].map((status) => ['capture', status, null] as const),
    ...MAY_BE.map((status) => ['capture', status, 'effect_may_exist'] as const),
  ])('of %s of a payment that is %s: %s', (operation, status, code) => {
    const refusal = refuseRuledOut(atCapture({ steps: ['create', operation] }), told(status));
    expect(codeOf(refusal)).toBe(code);
    if (refusal?.code === 'effect_may_exist') expect(refusal.ids).toEqual(['p1']);
  });

  test.each([
    [null, null],
    ['PENDING', null],
    ['UPLOADED', 'effect_may_exist'],
    ['SENT', 'effect_may_exist'],
    ['APPROVED', 'effect_may_exist'],
  ])('of a document whose payment says %s of its documents: %s', (documentationStatus, code) => {
    const command = atCapture({ steps: ['create', 'submit_document'] });
    expect(codeOf(refuseRuledOut(command, told('SETTLED', documentationStatus)))).toBe(code);
  });

  test.each([
    [[], [], null],
    [['p1'], [], ['p1']],
    [['p1', 'p2'], ['p1'], ['p2']],
    [['p1', 'p2'], ['p2', 'p1'], null],
    [[], ['p9'], null],
  ])('of a create of which %j were shown and %j are of others: %j may be it', (shown, notOurs, ids) => {
    expect(refuseCreateRuledOut(shown, notOurs)).toEqual(
      ids && { code: 'effect_may_exist', detail: expect.any(String), ids },
    );
  });

  describe('of a refund', () => {
    const LISTED = new Date('2026-03-02T09:00:00Z');
    const began = attempt({ refundsBefore: 3, refundsListedAt: LISTED });
    const listed = (over: Partial<ListedChild> = {}): ListedChild => ({
      conomyId: 'r1',
      number: 4,
      createdAt: LISTED,
      attemptId: null,
      ...over,
    });

    test.each<[string, Partial<ListedChild>[], string[], string[] | null]>([
      ['no refund', [], [], null],
      ['a new one that nobody made', [{}], [], ['r1']],
      ['a new one without an instant', [{ createdAt: null }], [], ['r1']],
      ['one that another command made', [{ attemptId: 9 }], [], null],
      ['one numbered before', [{ number: 3 }], [], null],
      ['one made before the list', [{ createdAt: new Date(LISTED.getTime() - 1) }], [], null],
      ['a new one of somebody else', [{}], ['r1'], null],
      ['two new ones, one of somebody else', [{}, { conomyId: 'r2' }], ['r1'], ['r2']],
    ])('with %s in the whole list: %#', (_what, children, notOurs, ids) => {
      expect(refuseRefundRuledOut(began, children.map(listed), notOurs)).toEqual(
        ids && { code: 'effect_may_exist', detail: expect.any(String), ids },
      );
    });

    test('is refused where an answer named one, whatever is listed and said of it', () => {
      expect(refuseRefundRuledOut({ ...began, childId: 'r1' }, [], ['r1'])).toMatchObject({
        code: 'effect_may_exist',
        ids: ['r1'],
      });
    });

    test('of an attempt that noted neither number nor list, every one that nobody made may be it', () => {
      const children = [listed({ number: 1 }), listed({ conomyId: 'r2', attemptId: 9 })];
      expect(refuseRefundRuledOut(attempt(), children, [])).toMatchObject({ ids: ['r1'] });
    });
  });

  test('is not confirmed twice, nor of a refund that was made after all, which is named', () => {
    expect(refuseConfirmed([])).toMatchObject({ code: 'outcome_not_offered' });
    expect(refuseConfirmed(['r1'])).toMatchObject({ code: 'effect_may_exist', ids: ['r1'] });
  });
});

describe('what then runs', () => {
  const command = parked({ steps: ['create', 'authorize', 'capture'] });

  test.each<[ConcludedOutcome, Operation[]]>([
    ['made', ['authorize', 'capture']],
    ['choose', ['authorize', 'capture']],
    ['not_made', []],
    ['give_up', []],
    ['confirmed_not_made', []],
  ])('after %s: %j', (outcome, steps) => {
    expect(stepsAfter(command, outcome)).toEqual(steps);
  });

  test('is a programmer error to ask of a command whose steps are all done', () => {
    expect(() => operationOf({ ...command, stepsDone: 3 })).toThrow('every step of the command is done');
  });
});
