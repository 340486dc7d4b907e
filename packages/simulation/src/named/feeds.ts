import type { TestMutation } from './test-mutation.ts';

const PUSHES_WITH_READERS = 'services/reconciler/test/pushes-with-readers.test.ts';

/** Pushes, events, reads and comparisons beside much other work (M1, S). */
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
];
