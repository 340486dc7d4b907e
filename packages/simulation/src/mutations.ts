import type { FaultKind } from './impoliteness.ts';
import type { Invariant } from './invariants.ts';
import type { Patch } from './patch.ts';

/** One safeguard of the product switched off, and what then has to be noticed. */
export interface Mutation {
  name: string;
  patches: readonly Patch[];
  /** Statements that take the same safeguard out of the database. */
  statements: readonly string[];
  noticedBy: Invariant;
  /** The one fault that every seed plays, where it takes an impolite provider. */
  only?: FaultKind;
  /** The seed to begin with, where the first that shows it is far up. Default: 1. */
  first?: number;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'fencing',
    patches: [
      {
        file: 'shared/src/db/claims.ts',
        from: 'where id = $1::uuid and claim_epoch = $2::bigint',
        to: 'where id = $1::uuid and $2::bigint is not null',
      },
      {
        file: 'shared/src/db/attempts.ts',
        from: 'where id = $1::bigint and claim_epoch = $2::bigint and outcome is null',
        to: 'where id = $1::bigint and $2::bigint is not null and outcome is null',
      },
      {
        file: 'capturer/src/send-step.ts',
        from: 'if (monotonicMs() - claimedAtMs >= timings.sendWindowMs) {',
        to: 'if (monotonicMs() < claimedAtMs - timings.sendWindowMs) {',
      },
    ],
    statements: [],
    noticedBy: 'at most one effect per command',
  },
  {
    name: 'read-before-resend',
    patches: [
      {
        file: 'capturer/src/classify-outcome.ts',
        from: `    case 'look':
      return { ...refused, outcome: 'unknown' };`,
        to: `    case 'look':
      return { ...refused, outcome: 'retryable' };`,
      },
    ],
    statements: [],
    noticedBy: 'at most one effect per command',
  },
  {
    name: 'look-up-after-a-review',
    patches: [
      {
        file: 'capturer/src/classify-outcome.ts',
        from: "return { outcome: 'unknown', failure, payment };",
        to: "return { outcome: status === 'REQUIRES_REVIEW' ? 'retryable' : 'unknown', failure, payment };",
      },
    ],
    statements: [],
    noticedBy: 'no step is sent while one like it is held by a review, or let through by it',
    only: 'held_by_review',
  },
  {
    name: 'order-per-payment',
    patches: [
      {
        file: 'api/src/decide-acceptance.ts',
        from: `status: this.#mustWait(payment, isDocument(type)) ? 'blocked' : 'accepted',`,
        to: `status: 'accepted',`,
      },
    ],
    statements: ['drop index if exists commands_one_at_work_per_payment'],
    noticedBy: 'commands of one payment run one at a time in the order accepted',
  },
  {
    name: 'relay',
    patches: [
      {
        file: 'reconciler/src/relay-jobs.ts',
        from: 'if (ageMs === null) return false;',
        to: 'if (ageMs !== null) return false;',
      },
    ],
    statements: [],
    noticedBy: 'every accepted command ended or is parked with a reason',
  },
  {
    name: 'cancel-only-without-effect',
    patches: [
      {
        file: 'api/src/cancel-command.ts',
        from: "if (!attempts.every(status === 'parked' ? hadNoEffect : hasNotLeft))",
        to: 'if (attempts.length < 0)',
      },
    ],
    statements: [],
    noticedBy: 'a command says what really happened',
  },
  {
    name: 'bound means equal (H1, H2)',
    patches: [
      {
        file: 'shared/src/domain/bound-means-equal.ts',
        from: 'if (contradictions.length > 0) return',
        to: 'if (contradictions.length > made.length) return',
      },
    ],
    statements: [],
    noticedBy: 'no payment is captured that contradicts its command',
    only: 'made_otherwise',
  },
  {
    name: 'a refund is what was asked for (H4)',
    patches: [
      {
        file: 'capturer/src/record-refund-answer.ts',
        from: 'if (differing.length === 0) {',
        to: 'if (!isOtherThing) {',
      },
    ],
    statements: [],
    noticedBy: 'no refund succeeds without a child of its amount made for it, and no child counts for two',
    only: 'refund_of_other_amount',
  },
  {
    name: 'clear refusals are looked up (H6)',
    patches: [
      {
        file: 'shared/src/provider/conomy/error-catalogue.ts',
        from: "operations: STEPS, http: [404, 404], behaviour: 'look_again'",
        to: "operations: STEPS, http: [404, 404], behaviour: 'reject'",
      },
    ],
    statements: [],
    noticedBy: 'a command says what really happened',
    only: 'refused_though_done',
  },
  {
    name: 'only what is signed (H7)',
    patches: [
      {
        file: 'shared/src/provider/conomy/signature.ts',
        from: 'Buffer.from(signedText), signature)',
        to: 'rawBody, signature)',
      },
    ],
    statements: [],
    noticedBy: 'what a signature does not cover moves nothing, and one signed message is one delivery',
    only: 'unsigned_members',
  },
  {
    // Each alone is covered by the others: the totals, and the looks behind the first, which go on where new rows come in.
    name: 'a list is walked to its end (C1)',
    patches: [
      {
        file: 'shared/src/provider/list-walk.ts',
        from: 'for (const id of page.ids) before.ids.add(id);\n  const held = page.ids.length + page.unreadableRows;',
        to: 'const known = before.ids.size;\n  for (const id of page.ids) before.ids.add(id);\n  const held = before.ids.size - known + page.unreadableRows;',
      },
      { file: 'shared/src/provider/list-walk.ts', from: 'if (ids.size >= total)', to: 'if (ids.size >= 0)' },
      {
        file: 'capturer/src/scan-created.ts',
        from: "lane.look === 'first' ? 'newest_first' : 'oldest_first'",
        to: "'newest_first'",
      },
    ],
    statements: [],
    noticedBy: 'at most one effect per command',
    only: 'rows_inserted_above',
    first: 50,
  },
  {
    // Where the order is lost, a child that was linked late or has no instant is still for a person.
    name: 'the order of refunds (H3)',
    patches: [
      {
        file: 'shared/src/domain/refund-order.ts',
        from: 'if (attempt.refundsBefore !== null && number <= attempt.refundsBefore) return true;',
        to: 'if (number < 0) return true;',
      },
      {
        file: 'shared/src/domain/refund-order.ts',
        from: 'return createdAt !== null && attempt.refundsListedAt !== null && createdAt < attempt.refundsListedAt;',
        to: 'return false;',
      },
      {
        file: 'capturer/src/judge-lost-refund.ts',
        from: 'return !linkedLate && createdAt !== null',
        to: 'return createdAt !== undefined || !linkedLate',
      },
    ],
    statements: [],
    noticedBy: 'no refund succeeds without a child of its amount made for it, and no child counts for two',
    only: 'children_without_parent',
  },
  {
    // Without the first alone the guard of the dispatch holds every call back, and the command comes again and again.
    name: 'notAfter bounds every step (M2)',
    patches: [
      {
        file: 'capturer/src/decide-next.ts',
        from: "if (!command.deadlinePassed || action === 'done'",
        to: "if (!command.deadlinePassed || command.stepsDone >= 0 || action === 'done'",
      },
      {
        file: 'capturer/src/send-step.ts',
        from: 'notAfterAtMs === null ? undefined : notAfterAtMs - monotonicMs()',
        to: 'notAfterAtMs === null ? undefined : timings.callMsMax',
      },
    ],
    statements: [],
    noticedBy: 'no first byte of a write leaves after its notAfter instant',
    only: 'connection_refused',
  },
];

export function findMutation(name: string): Mutation {
  const mutation = MUTATIONS.find((known) => known.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`);
  return mutation;
}
