import type { TestMutation } from './test-mutation.ts';

const LIST_WALK = 'packages/shared/test/provider/list-walk.test.ts';
const JUDGE_CREATED = 'services/capturer/test/judge-created.test.ts';
const SHARED_SCANS = 'services/capturer/test/shared-scans.test.ts';
const CONCLUDE_UNKNOWN = 'services/capturer/test/conclude-unknown.test.ts';
const ANOTHER_PAYMENT = 'services/capturer/test/answers-about-another-payment.test.ts';

/** Walks of lists, and which payment a create is taken to have made (C1, H1, H2, H8, M8). */
export const CREATE_MUTATIONS: readonly TestMutation[] = [
  {
    name: 'a step that a review held is sent again as soon as the review is over',
    patches: [
      {
        file: 'capturer/src/classify-outcome.ts',
        from: "return { outcome: 'unknown', failure, payment };",
        to: "return { outcome: status === 'REQUIRES_REVIEW' ? 'retryable' : 'unknown', failure, payment };",
      },
    ],
    file: 'services/capturer/test/wait-for-review.test.ts',
    test: 'a capture that a review let through is sent once, however long the reads after it lag',
  },
  {
    name: 'absence before a review counts behind it',
    patches: [
      {
        file: 'shared/src/db/unknown-attempts.ts',
        from: "where finding = 'held'), 0)",
        to: 'where false), 0)',
      },
    ],
    file: 'packages/shared/test/db/attempts.test.ts',
    test: 'the evidence about an unknown attempt > begins anew behind a review, which held what was not there before it',
  },
  {
    name: 'a list ends where its total says',
    patches: [
      {
        file: 'shared/src/provider/list-walk.ts',
        from: 'if (held === 0) return',
        to: 'if (held === 0 || place.offset >= total) return',
      },
    ],
    file: LIST_WALK,
    test: 'a list is whole > behind a total that lags',
  },
  {
    name: 'a page without a new row is the end of the list',
    patches: [
      {
        file: 'shared/src/provider/list-walk.ts',
        from: 'for (const id of page.ids) before.ids.add(id);\n  const held = page.ids.length + page.unreadableRows;',
        to: 'const known = before.ids.size;\n  for (const id of page.ids) before.ids.add(id);\n  const held = before.ids.size - known + page.unreadableRows;',
      },
    ],
    file: LIST_WALK,
    test: 'a list is whole > behind a page of known rows alone',
  },
  {
    name: 'rows that cannot be read leave a list whole',
    patches: [
      { file: 'shared/src/provider/list-walk.ts', from: 'if (unreadableRows > 0)', to: 'if (false)' },
    ],
    file: LIST_WALK,
    test: 'a list is not whole > with a row that cannot be read',
  },
  {
    name: 'fewer rows than were told leave a list whole',
    patches: [
      { file: 'shared/src/provider/list-walk.ts', from: 'if (ids.size >= total)', to: 'if (ids.size >= 0)' },
    ],
    file: LIST_WALK,
    test: 'a list is not whole > with fewer rows than its first page told',
  },
  {
    name: 'a second walk that tells nothing takes back what the first one told',
    patches: [
      { file: 'shared/src/provider/list-walk.ts', from: 'told === 0 ? toldBefore : told', to: 'told' },
    ],
    file: LIST_WALK,
    test: 'a list is not whole > when its second walk tells no total and brings nothing that the first one lacked',
  },
  {
    name: 'a scan lists no day before the first attempt',
    patches: [
      {
        file: 'capturer/src/scan-created.ts',
        from: 'new Date(firstMs - CREATED_TOLERANCE_MS - DAY_MS)',
        to: 'new Date(firstMs - CREATED_TOLERANCE_MS)',
      },
    ],
    file: 'services/capturer/test/scan-created.test.ts',
    test: 'the days of a scan > are one more on either side also in a whole look, for a provider at UTC−5, −3 or +14',
  },
  {
    name: 'a scan lists no day behind today',
    patches: [
      {
        file: 'capturer/src/scan-created.ts',
        from: 'new Date(now.getTime() + DAY_MS)',
        to: 'new Date(now.getTime())',
      },
    ],
    file: 'services/capturer/test/scan-created.test.ts',
    test: 'the days of a scan > are one more on either side also in a whole look, for a provider at UTC−5, −3 or +14',
  },
  {
    name: 'a scan overlooks what not even a whole read names',
    patches: [
      {
        file: 'capturer/src/wanted-rows.ts',
        from: "return compareWithCreate(asked, row).verdict !== 'contradicts';",
        to: 'return asked === null;',
      },
    ],
    file: 'services/capturer/test/found-creates.test.ts',
    test: 'a lost create while the account holds a payment whose externalId not even a whole read tells > is parked where that may be the payment, and neither bound nor sent again',
  },
  {
    name: 'a scan overwrites what another one answered',
    patches: [
      {
        file: 'shared/src/db/scans.ts',
        from: 'and r.answer is null and exists (select from held)',
        to: 'and r.answer is null',
      },
    ],
    file: SHARED_SCANS,
    test: 'a capturer that died while it scanned > and is alive again tells nobody anything while another one scans',
  },
  {
    name: 'a scan is never too long',
    patches: [
      {
        file: 'capturer/src/shared-scans.ts',
        from: 'if (isOpen && (walk.rows >= bounds.rowsMax || bounds.answeredMs >= bounds.msMax))',
        to: 'if (false)',
      },
    ],
    file: SHARED_SCANS,
    test: 'a scan too long for one turn > is given up after so many rows',
  },
  {
    name: 'an unknown attempt is read for ever',
    patches: [
      {
        file: 'capturer/src/conclude-unknown.ts',
        from: 'attempt.answeredForMs >= rule.unknownMsMax',
        to: 'attempt.answeredForMs < 0',
      },
    ],
    file: CONCLUDE_UNKNOWN,
    test: "a provider that answers and does not tell > of a capture → { operation: 'capture' }",
  },
  {
    name: 'the span of absence is told by the database clock',
    patches: [
      {
        file: 'shared/src/db/unknown-attempts.ts',
        from: 'select max(process_ms) - min(process_ms) as ms from absent where is_surely_past group by process',
        to: 'select extract(epoch from max(began_at) - min(began_at)) * 1000 as ms from absent',
      },
    ],
    file: 'packages/shared/test/db/attempts.test.ts',
    test: 'the evidence about an unknown attempt > spans no time that only the database clock saw go by',
  },
  {
    name: 'reads hold the slots of writes',
    patches: [{ file: 'capturer/src/readers.ts', from: 'return Promise.resolve();', to: 'return reading;' }],
    file: 'services/capturer/test/readers.test.ts',
    test: 'a create that is looked for in a list leaves its slot to the next write, and goes on beside it',
  },
  {
    name: 'a create is bound to whatever payment its answer names',
    patches: [
      {
        file: 'capturer/src/compare-answer.ts',
        from: "if (comparison.verdict !== 'contradicts') return call;",
        to: "if (comparison.verdict !== 'contradicts' || command !== null) return call;",
      },
    ],
    file: ANOTHER_PAYMENT,
    test: 'a create answered with another payment > is looked for, and its own payment bound and captured, the other one never',
  },
  {
    name: 'a capture leaves although the total differs',
    patches: [
      {
        file: 'capturer/src/decide-next.ts',
        from: 'return leaves && command.amountDiffers',
        to: 'return leaves && command.amountDiffers && command.redriven',
      },
    ],
    file: ANOTHER_PAYMENT,
    test: 'a total that is another than what is paid > and unexplained is held before the capture leaves',
  },
  {
    name: 'a row that contradicts the create is bound',
    patches: [
      {
        file: 'capturer/src/judge-created.ts',
        from: "if (listed.verdict === 'contradicts') return",
        to: "if (listed.verdict === 'contradicts' && row.id === '') return",
      },
      {
        file: 'capturer/src/judge-created.ts',
        from: 'if (isUnclearWhenFound(comparison)) return',
        to: 'if (isUnclearWhenFound(comparison) && age === null) return',
      },
    ],
    file: JUDGE_CREATED,
    test: 'the only payment with the externalId > of another amount is unclear and never bound',
  },
  {
    name: 'an older payment is bound',
    patches: [
      {
        file: 'capturer/src/judge-created.ts',
        from: "if (olderMs <= CREATED_TOLERANCE_MS) return 'recent';",
        to: "if (olderMs <= OLDER_MS_MIN) return 'recent';",
      },
    ],
    file: JUDGE_CREATED,
    test: 'the only payment with the externalId > that is a little too old is unclear and never bound',
  },
  {
    name: 'the first of two payments with the externalId is bound',
    patches: [
      {
        file: 'capturer/src/judge-created.ts',
        from: 'if (others.length > 0) return',
        to: 'if (others.length < 0) return',
      },
    ],
    file: JUDGE_CREATED,
    test: 'two payments with the externalId are for a person',
  },
  {
    name: 'a payment under a trimmed externalId is overlooked',
    patches: [
      {
        file: 'capturer/src/judge-created.ts',
        from: 'mayBeSameExternalId(externalId, row.externalId))',
        to: 'externalId === row.externalId)',
      },
    ],
    file: JUDGE_CREATED,
    test: 'while no payment has the externalId > a row like ours with a space rules an absence out',
  },
];
