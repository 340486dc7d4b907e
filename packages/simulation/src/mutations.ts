import type { Invariant } from './invariants.ts';
import type { Patch } from './patch.ts';

/** One safeguard of the product switched off, and what then has to be noticed. */
export interface Mutation {
  name: string;
  patches: readonly Patch[];
  /** Statements that take the same safeguard out of the database. */
  statements: readonly string[];
  noticedBy: Invariant;
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
        from: 'if (attempt !== null && !hadNoEffect(attempt))',
        to: 'if (attempt !== null && command.stepsDone < 0)',
      },
    ],
    statements: [],
    noticedBy: 'a command says what really happened',
  },
];

export function findMutation(name: string): Mutation {
  const mutation = MUTATIONS.find((known) => known.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`);
  return mutation;
}
