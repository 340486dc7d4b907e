import type { TestMutation } from './test-mutation.ts';

const EXPLAIN = 'packages/local-stack/test/chaos/history/explain.test.ts';

/** The proof itself: faults that must fire, and what must not be explained away. */
export const PROOF_MUTATIONS: readonly TestMutation[] = [
  {
    name: 'rows do not move under a walk',
    patches: [
      {
        file: 'conomy-sandbox/src/fault-kinds/list-faults.ts',
        from: 'readPage(request.query).offset + rows',
        to: 'readPage(request.query).offset',
      },
    ],
    file: 'packages/conomy-sandbox/test/list-faults.test.ts',
    test: 'rows-moved: a page begins further on, and its rows stand on the next page too',
  },
  {
    name: 'a history of two captures is explained',
    patches: [
      {
        file: 'local-stack/src/chaos/history/payment-machine.ts',
        from: 'if (state.captured || state.created',
        to: 'if (state.created',
      },
    ],
    file: EXPLAIN,
    test: 'no order explains > two captures of one payment that two commands asked for',
  },
  {
    name: 'a history takes place in whatever order explains it',
    patches: [
      {
        file: 'local-stack/src/chaos/history/explain.ts',
        from: 'fromMs <= firstEndMs',
        to: 'fromMs <= firstEndMs || true',
      },
    ],
    file: EXPLAIN,
    test: 'no order explains > settled told before it settled',
  },
  {
    name: 'a payment on another account is the one asked for',
    patches: [
      {
        file: 'local-stack/src/chaos/asked.ts',
        from: "    differs('account', asked.accountNumber, payment.accountNumber),\n",
        to: '',
      },
    ],
    file: 'packages/local-stack/test/chaos/invariants.test.ts',
    test: 'a capture of a payment of another account is noticed',
  },
];
