import type { TestMutation } from './test-mutation.ts';

const CONCLUDE = 'packages/shared/test/domain/conclude.test.ts';
const CONCLUDE_MADE = 'packages/shared/test/domain/conclude-made.test.ts';

/** What a person may say of a parked command, by its rows and by what was read. */
export const CONCLUSION_MUTATIONS: readonly TestMutation[] = [
  {
    name: 'a call is ruled out before a day has passed',
    patches: [
      {
        file: 'shared/src/domain/conclude.ts',
        from: 'command.now < open.notBefore ?',
        to: 'command.now > open.notBefore ?',
      },
    ],
    file: CONCLUDE,
    test: 'by its rows > not made is too early until the instant from which the call can be ruled out, and says it',
  },
  {
    name: 'a payment under review may stand beside the one that is chosen',
    patches: [
      {
        file: 'shared/src/domain/conclude.ts',
        from: "'AUTHORIZED', 'FAILED', 'EXPIRED']",
        to: "'AUTHORIZED', 'FAILED', 'EXPIRED', 'REQUIRES_REVIEW']",
      },
    ],
    file: CONCLUDE,
    test: 'a choice among several > is refused beside one that is "REQUIRES_REVIEW", and names it alone',
  },
  {
    name: 'a refund that an answer named is ruled out',
    patches: [
      {
        file: 'shared/src/domain/conclude.ts',
        from: 'if (attempt.childId !== null)',
        to: 'if (attempt.childId === attempt.outcome)',
      },
    ],
    file: CONCLUDE,
    test: 'not made > of a refund > is refused where an answer named one, whatever is listed and said of it',
  },
  {
    name: 'a refund that was there before the call is taken for its effect',
    patches: [
      {
        file: 'shared/src/domain/conclude.ts',
        from: 'attempt !== null && wasThereBefore(child, attempt))',
        to: 'attempt === null && wasThereBefore(child, attempt))',
      },
    ],
    file: CONCLUDE_MADE,
    test: 'made > of a refund > that was numbered at the last one before the call was there before',
  },
  {
    name: 'an authorized payment proves its capture',
    patches: [
      {
        file: 'shared/src/domain/conclude.ts',
        from: 'return isCaptureTaken(status);',
        to: "return status === 'AUTHORIZED' || isCaptureTaken(status);",
      },
    ],
    file: CONCLUDE_MADE,
    test: 'made > of capture of a payment that is AUTHORIZED: effect_not_seen',
  },
  {
    name: 'a lost refund of a doubtful amount is bound by it',
    patches: [
      {
        file: 'capturer/src/look-for-refund.ts',
        from: 'doubts.some(({ minor }) => minor === wanted.minor)',
        to: 'doubts.some(({ minor }) => minor !== wanted.minor)',
      },
    ],
    file: 'services/capturer/test/doubtful-refunds.test.ts',
    test: 'a lost refund of the doubtful amount is parked and bound to neither, until the doubt is ended',
  },
  {
    name: 'a create that was ruled out is waited for',
    patches: [
      {
        file: 'reconciler/src/unmirrored.ts',
        from: 'return conomyId === null && !(await isCreateRuledOut(pool, key));',
        to: 'return conomyId === null || (await isCreateRuledOut(pool, key));',
      },
    ],
    file: 'services/reconciler/test/late-creates.test.ts',
    test: 'is told as a twin by a delivery, bound to nothing, and its capture is the highest alarm',
  },
];
