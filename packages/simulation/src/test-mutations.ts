import type { Patch } from './patch.ts';

/** One change of the code that a named test has to notice. */
export interface TestMutation {
  name: string;
  patches: readonly Patch[];
  /** From the root of the repository. */
  file: string;
  /** The test that has to fail: its name, with those of its groups before it: `a group > its test`. */
  test: string;
}

export const TEST_MUTATIONS: readonly TestMutation[] = [
  {
    name: 'payments are looked at without a lock when a command is accepted',
    patches: [
      { file: 'shared/src/db/accept.ts', from: 'order by key for no key update', to: 'order by key' },
    ],
    file: 'services/api/test/accept-races.test.ts',
    test: 'a create that is canceled just ahead of statement 5 of the acceptance of its capture leaves no capture behind that waits for ever',
  },
  {
    name: 'the lease of a send forgets the deadline of its call',
    patches: [
      {
        file: 'capturer/src/timings.ts',
        from: 'sendLeaseMs: config.sendWindowMs + config.callMsMax + TAKEOVER_MARGIN_MS',
        to: 'sendLeaseMs: config.sendWindowMs + TAKEOVER_MARGIN_MS',
      },
    ],
    file: 'services/capturer/test/timings.test.ts',
    test: 'a claim > under which a call may leave outlives the end of a call that left at the last moment',
  },
];

export function findTestMutation(name: string): TestMutation {
  const mutation = TEST_MUTATIONS.find((known) => known.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`);
  return mutation;
}
