import type { TestMutation } from './test-mutation.ts';

const JUDGE_LOST_REFUND = 'services/capturer/test/judge-lost-refund.test.ts';
const REFUNDS_IN_ORDER = 'services/capturer/test/refunds-in-order.test.ts';
const CLIENT_REFUNDS = 'packages/shared/test/provider/conomy/client-refunds.test.ts';
const COUNT_REFUNDS = 'packages/shared/test/mirror/count-refunds.test.ts';

/** Which refund is whose, and how much was given back (H3, H4, H8). */
export const REFUND_MUTATIONS: readonly TestMutation[] = [
  {
    name: 'a refund made before the list is taken for ours',
    patches: [
      {
        file: 'shared/src/domain/refund-order.ts',
        from: 'return createdAt !== null && attempt.refundsListedAt !== null && createdAt < attempt.refundsListedAt;',
        to: 'return false;',
      },
    ],
    file: JUDGE_LOST_REFUND,
    test: 'the refund that an attempt of unknown outcome made > one made before the list that was read before it, linked since',
  },
  {
    name: 'a refund that another attempt made is taken for ours',
    patches: [{ file: 'capturer/src/judge-lost-refund.ts', from: 'child.attemptId === null && ', to: '' }],
    file: JUDGE_LOST_REFUND,
    test: 'the refund that an attempt of unknown outcome made > one that another attempt made',
  },
  {
    name: 'the first of two matching refunds is bound',
    patches: [
      {
        file: 'capturer/src/judge-lost-refund.ts',
        from: 'return matches.length > 1 ?',
        to: 'return matches.length > 2 ?',
      },
    ],
    file: JUDGE_LOST_REFUND,
    test: 'the refund that an attempt of unknown outcome made > two of its amount',
  },
  {
    name: 'an answer of another amount counts as the refund asked for',
    patches: [
      {
        file: 'capturer/src/record-refund-answer.ts',
        from: 'if (differing.length === 0) {',
        to: 'if (!isOtherThing) {',
      },
    ],
    file: REFUNDS_IN_ORDER,
    test: 'the answer to a refund > that names another amount is taken as it is, and nothing further leaves before a person has looked',
  },
  {
    name: 'a child is claimed by whoever comes last',
    patches: [
      {
        file: 'capturer/src/record-refund-answer.ts',
        from: 'if (mirrored === null || !(await claimRefundChild(tx, attemptId, mirrored.key))) {',
        to: 'if (mirrored === null || (await claimRefundChild(tx, attemptId, mirrored.key)) === null) {',
      },
    ],
    file: REFUNDS_IN_ORDER,
    test: 'the answer to a refund > that names the refund of an earlier command is never bound to two',
  },
  {
    name: 'more is given back than there was and nobody is told',
    patches: [
      { file: 'shared/src/mirror/count-refunds.ts', from: 'if (done.minor > whole.minor)', to: 'if (false)' },
    ],
    file: COUNT_REFUNDS,
    test: 'refunds of a payment > above what it has are recorded and told to a person, once',
  },
  {
    name: 'a list of refunds that is not whole is taken for one',
    patches: [
      {
        file: 'shared/src/provider/conomy/refunds.ts',
        from: 'filtered.ok ? isWholeList(filtered.value)',
        to: 'filtered.ok ? true',
      },
    ],
    file: CLIENT_REFUNDS,
    test: 'listRefundsOf > whose rows do not say whose they are is left for the one below the parent',
  },
  {
    name: 'refunds that cannot be read are read for ever',
    patches: [
      { file: 'capturer/src/read-before-refund.ts', from: 'if (isLast) return', to: 'if (false) return' },
    ],
    file: 'services/capturer/test/read-before-refund.test.ts',
    test: 'refunds that cannot be read whole > are told to a person after enough reads that were answered, and nothing is sent: a row that names no parent',
  },
];
