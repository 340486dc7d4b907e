import type { TestMutation } from './test-mutation.ts';

const PROVIDER_GATE = 'packages/shared/test/provider/provider-gate.test.ts';
const SET_ASIDE = 'services/capturer/test/set-aside.test.ts';
const SHARED_COMMIT = 'services/api/test/shared-commit.test.ts';
const WAIT_IN_LINE = 'packages/shared/test/db/wait-in-line.test.ts';

/** When a command may be accepted, sent, put off and ended (C2, H5, H6, M2, M4, M6, M7). */
export const COMMAND_MUTATIONS: readonly TestMutation[] = [
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
  {
    name: 'a payment that Conomy does not tell is read before its step for ever',
    patches: [
      {
        file: 'capturer/src/read-before-acting.ts',
        from: 'if (forMs >= absence.unknownMsMax)',
        to: 'if (forMs < 0)',
      },
    ],
    file: 'services/capturer/test/own-payment-not-found.test.ts',
    test: 'a payment of ours that Conomy does not tell before its capture > is left to a person after two hours of answered reads, and nothing is sent',
  },
  {
    name: 'a process goes by what it saw however long ago',
    patches: [
      {
        file: 'shared/src/provider/gate/provider-gate.ts',
        from: 'seen !== null && monotonicMs() - seen.atMs < SNAPSHOT_MS_MAX',
        to: 'seen !== null && monotonicMs() > 0',
      },
    ],
    file: PROVIDER_GATE,
    test: 'what a process saw more than a second ago > lets no write out when the breaker has opened since',
  },
  {
    name: 'the gate looks at pauses without a lock',
    patches: [
      {
        file: 'shared/src/db/pauses.ts',
        from: `from pauses, \${lineFor('pauses', 'share')}`,
        to: 'from pauses',
      },
      { file: 'shared/src/db/pauses.ts', from: ' for share of pauses', to: '' },
    ],
    file: PROVIDER_GATE,
    test: 'a write that is just being put off for a pause is released by whoever lifts it',
  },
  {
    name: 'the gate does not lock the pauses it goes by',
    patches: [{ file: 'shared/src/db/pauses.ts', from: ' for share of pauses', to: '' }],
    file: WAIT_IN_LINE,
    test: 'nobody who comes later passes whoever lifts a pause, and all see the change',
  },
  {
    name: 'whoever lifts a pause does not stand in line',
    patches: [{ file: 'shared/src/db/pauses.ts', from: `from \${lineFor('pauses', 'update')}`, to: '' }],
    file: WAIT_IN_LINE,
    test: 'nobody who comes later passes whoever lifts a pause, and all see the change',
  },
  {
    name: 'the breaker closes and asks for no release',
    patches: [
      {
        file: 'shared/src/provider/gate/health-reports.ts',
        from: "if (after.breaker === 'closed') await requestRelease(tx, 'provider', 'write');",
        to: "if (after.breaker === 'closed') return;",
      },
    ],
    file: 'packages/shared/test/provider/release-waiting.test.ts',
    test: 'the end of an outage > touches nothing that waits; who comes after the process that closed the breaker releases it',
  },
  {
    name: 'a shared commit that is refused fails for everybody',
    patches: [
      {
        file: 'shared/src/db/commit-in-halves.ts',
        from: 'first === undefined || !isDataRefused(error)',
        to: 'first !== undefined',
      },
    ],
    file: SHARED_COMMIT,
    test: 'whatever else PostgreSQL refuses > is refused alone when it came beside others',
  },
  {
    name: 'an instant goes into SQL as it was written',
    patches: [
      {
        file: 'api/src/decide-acceptance.ts',
        from: 'toUtcInstant(item.command.notAfter)',
        to: 'item.command.notAfter',
      },
    ],
    file: SHARED_COMMIT,
    test: 'an instant > as far from UTC as 2999-01-01T00:00:00+23:00 is kept as what it is',
  },
  {
    name: 'a 404 right after our own create rejects the step',
    patches: [
      {
        file: 'shared/src/provider/conomy/error-catalogue.ts',
        from: "operations: STEPS, http: [404, 404], behaviour: 'look_again'",
        to: "operations: STEPS, http: [404, 404], behaviour: 'reject'",
      },
    ],
    file: 'services/capturer/test/clear-refusals.test.ts',
    test: 'capturePayment > that does not find the payment we just made is sent again, and the command succeeds',
  },
  {
    name: 'notAfter bounds the first step alone',
    patches: [
      {
        file: 'capturer/src/decide-next.ts',
        from: "if (!command.deadlinePassed || action === 'done'",
        to: "if (!command.deadlinePassed || command.stepsDone > 0 || command.attempt !== null || action === 'done'",
      },
    ],
    file: 'services/capturer/test/not-after.test.ts',
    test: 'a command that waits > for its second step is canceled, the first stays done, and the command behind it runs',
  },
  {
    name: 'a commit that may have been made is written again',
    patches: [
      {
        file: 'shared/src/db/transaction.ts',
        from: 'if (note.made !== null && (await',
        to: 'if (note.made === undefined && (await',
      },
    ],
    file: 'services/capturer/test/database-away.test.ts',
    test: 'a connection that dies during the commit > after it was made: nothing is written twice, and the next step leaves at once',
  },
  {
    name: 'a storm of 429 counts against each command',
    patches: [
      {
        file: 'shared/src/domain/failed-write.ts',
        from: 'facts.paymentsMet >= PAYMENTS_ENOUGH',
        to: 'facts.paymentsMet > PAYMENTS_ENOUGH',
      },
    ],
    file: 'packages/shared/test/domain/failed-write.test.ts',
    test: 'a write that ended too_many > that three payments met ({"paymentsMet":3,"paymentsDue":3}) excused',
  },
  {
    name: 'a command whose turns throw comes back for ever',
    patches: [
      { file: 'capturer/src/decide-next.ts', from: 'command.tries >= TRIES_MAX', to: 'command.tries < 0' },
    ],
    file: SET_ASIDE,
    test: 'a command whose turns throw is parked after five, and a redrive finds its effect without sending again',
  },
  {
    name: 'a turn that only waits forgives those that threw',
    patches: [
      {
        file: 'shared/src/db/claims.ts',
        from: 'tries = $9::integer, claimed_by = null',
        to: 'tries = 0 * $9::integer, claimed_by = null',
      },
    ],
    file: SET_ASIDE,
    test: 'a command that throws at every other turn and only waits in between is parked as well',
  },
  {
    name: 'a command that failed before sleeps through its notAfter instant',
    patches: [
      {
        file: 'shared/src/db/claims.ts',
        from: ', case when not_after > capstan_now() then not_after end),',
        to: '),',
      },
    ],
    file: SET_ASIDE,
    test: 'a command that failed before and waits ends at its notAfter instant all the same',
  },
  {
    name: 'a command that gets on is parked for what it threw before',
    patches: [
      {
        file: 'capturer/src/resolve-unknown.ts',
        from: 'answered ? { ...told.command, tries: 0 } : told.command',
        to: 'told.command',
      },
    ],
    file: SET_ASIDE,
    test: 'a step that is done, or an answered look for one whose outcome is unknown, begins the count anew',
  },
  {
    name: 'a document is taken for handed in because the review of its payment ended',
    patches: [
      {
        file: 'capturer/src/look-for-document.ts',
        from: "status === 'REQUIRES_REVIEW' ? 'found' : 'unclear'",
        to: "status === 'REQUIRES_REVIEW' ? 'found' : 'found'",
      },
    ],
    file: 'services/capturer/test/submit-document.test.ts',
    test: 'a document whose answer was lost > and whose payment left its review meanwhile, FAILED, is parked: the end of a review says nothing of a document',
  },
];
