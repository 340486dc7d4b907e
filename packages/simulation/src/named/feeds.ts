import type { TestMutation } from './test-mutation.ts';

const SET_ASIDE_PUSHES = 'services/reconciler/test/set-aside-pushes.test.ts';
const CLOCK_STEPS = 'packages/shared/test/provider/clock-steps.test.ts';
const PUSHES_WITH_READERS = 'services/reconciler/test/pushes-with-readers.test.ts';

/** Pushes, events, reads, comparisons and calls beside much other work and through trouble (M1, S). */
export const FEED_MUTATIONS: readonly TestMutation[] = [
  {
    name: 'an event that a reader placed and that was pushed makes its payment due',
    patches: [
      {
        file: 'shared/src/db/pushes.ts',
        from: `where p.due_at is null and \${NEXT_IS_PLACED}`,
        to: 'where p.due_at is null',
      },
    ],
    file: PUSHES_WITH_READERS,
    test: 'an event that was pushed before it is enlisted makes nothing due',
  },
  {
    name: 'a push is noted without a lock on its payment',
    patches: [
      {
        file: 'shared/src/db/pushes.ts',
        from: 'and next_sequence = $2::integer for update',
        to: 'and next_sequence = $2::integer',
      },
    ],
    file: PUSHES_WITH_READERS,
    test: 'an event that is enlisted while the one before it is noted as pushed is due',
  },
  {
    name: 'a receiver that fails again is run over',
    patches: [
      {
        file: 'shared/src/db/pushes.ts',
        from: 'capstan_now()), recovering = false',
        to: 'capstan_now())',
      },
    ],
    file: 'services/reconciler/test/pushes.test.ts',
    test: 'however many failed before, they are made due in batches, and the receiver that fails again is left in peace',
  },
  {
    name: 'a push that throws is counted nowhere',
    patches: [
      {
        file: 'reconciler/src/push/push-events.ts',
        from: 'claimed.map((push) => tryPush(context, push))',
        to: 'claimed.map((push) => pushNext(context, push))',
      },
    ],
    file: SET_ASIDE_PUSHES,
    test: 'an event whose push throws comes ever later, is told of after five tries, and holds up its own payment alone',
  },
  {
    name: 'what is said of a refused push cannot be kept',
    patches: [
      {
        file: 'shared/src/db/pushes.ts',
        from: 'failure.againMs, storableText(failure.reason)]',
        to: 'failure.againMs, failure.reason]',
      },
    ],
    file: SET_ASIDE_PUSHES,
    test: 'a try that the receiver ends begins the count of faults anew, and whatever it says can be kept',
  },
  {
    name: 'each announcement has every waiter read',
    patches: [
      {
        file: 'api/src/routes/get-events.ts',
        from: 'shareLook(() => placeEvents(pool))',
        to: '() => placeEvents(pool)',
      },
    ],
    file: 'services/api/test/events.test.ts',
    test: 'fifty who wait are waked by one read, not by one each',
  },
  {
    name: 'a page of a day reads all of the day',
    patches: [
      {
        file: 'shared/src/db/compared-days.ts',
        from: `order by \${CREATED_AT}, key limit`,
        to: 'order by key limit',
      },
    ],
    file: 'packages/shared/test/db/compared-days.test.ts',
    test: 'cost as many rows as they show, the first and the last alike',
  },
  {
    name: 'a review is read every 30 s for ever',
    patches: [
      {
        file: 'shared/src/domain/read-schedule.ts',
        from: 'Math.max(ageMs / 20, 30 * SECOND)',
        to: 'Math.max(0, 30 * SECOND)',
      },
    ],
    file: 'packages/shared/test/domain/read-schedule.test.ts',
    test: 'a review of an hour is looked at again after its wait, spread over ±10 % 3600000',
  },
  {
    name: 'slots drawn by a clock that was wrong are kept',
    patches: [
      {
        file: 'shared/src/provider/gate/step-watch.ts',
        from: 'if (before === null) return false;',
        to: 'if (before !== last) return false;',
      },
    ],
    file: CLOCK_STEPS,
    test: 'a process whose database was an hour behind for a while calls again as soon as it is right',
  },
  {
    name: 'a step of the clock that could not be seen to is forgotten',
    patches: [
      {
        file: 'shared/src/provider/gate/provider-gate.ts',
        from: `await forgetSlots(pool);
    isToForget = false;`,
        to: `isToForget = false;
    await forgetSlots(pool);`,
      },
    ],
    file: CLOCK_STEPS,
    test: 'a step of the clock that was noticed while the database was away is seen to when it is back',
  },
  {
    name: 'a call that nobody saw go well is noted as one',
    patches: [
      {
        file: 'shared/src/db/provider-health.ts',
        from: 'or succeeded_at > capstan_now() then',
        to: 'or succeeded_at is null then',
      },
    ],
    file: CLOCK_STEPS,
    test: 'no change of the shared health takes for granted a call that nobody saw go well, or turned away',
  },
  {
    name: 'a probe that died is waited for longer than a call can take',
    patches: [
      {
        file: 'shared/src/provider/gate/provider-gate.ts',
        from: 'leaseMs: trialMsMax',
        to: 'leaseMs: 2 * trialMsMax',
      },
    ],
    file: CLOCK_STEPS,
    test: 'a probe > is given up as soon as no call can still be under way',
  },
  {
    name: 'a probe waits for an instant of a clock that was set back',
    patches: [
      {
        file: 'shared/src/domain/provider-health.ts',
        from: 'nextTryInMs <= 0 || nextTryInMs > NEXT_TRY_MS_MAX',
        to: 'nextTryInMs <= 0 || nextTryInMs > NEXT_TRY_MS_MAX ** 2',
      },
    ],
    file: 'packages/shared/test/domain/provider-health.test.ts',
    test: 'the breaker > takes a probe that is an hour away for due: no wait is that long, the clock was set back',
  },
  {
    name: 'each read that fails makes the next probe wait longer',
    patches: [
      {
        file: 'shared/src/domain/provider-health.ts',
        from: ': openedFor(health, health.openings, call.random)',
        to: ': opened(health, call.random)',
      },
    ],
    file: 'packages/shared/test/domain/provider-health.test.ts',
    test: 'the breaker > half-open is opened again by a read, which makes the next probe wait no longer than before',
  },
  {
    name: 'refused credentials are held back by a clock that was set back',
    patches: [
      {
        file: 'shared/src/provider/conomy/shared-token-vault.ts',
        from: 'Math.abs(failedMsAgo) <',
        to: 'failedMsAgo <',
      },
    ],
    file: 'packages/shared/test/provider/conomy/shared-token-vault.test.ts',
    test: 'credentials that were refused before the clock was set back are offered again',
  },
];
