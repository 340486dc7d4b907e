import { given, readPage } from '../operations/read-query.ts';
import { rowsOf, type Told, withoutFields, withPayments, withRows } from '../told-payments.ts';
import { after, type FaultBehaviour, type FaultedCall, pause, REFUND_LISTS, refuse } from './behaviour.ts';

const ROWS_INSERTED_MAX = 200;
const TOTAL_BEHIND_MAX = 50;

/** Lists that are read in pages. */
const PAGED = ['list', 'refunds', 'attempt-list'] as const;

/** What is listed is so; how, when and beside what is not as a reader would wish. */
export const LIST_FAULTS = {
  /** Just before the page is answered, others make `rows` (drawn, 0 to 200) payments on the account that is listed. */
  'rows-inserted': {
    site: 'call',
    operations: ['list'],
    answer: ({ sandbox, request, run, pick, rows = pick(0, ROWS_INSERTED_MAX) }) => {
      const accounts = [...sandbox.accounts.all()];
      const listed = given(request.query, 'accountNumber');
      const account =
        listed === undefined ? accounts[pick(0, accounts.length - 1)] : sandbox.accounts.find(listed);
      const type = given(request.query, 'type') ?? 'P2P';
      if (account) sandbox.filled.fill({ account, type, count: rows, fromMs: sandbox.now(), overMs: 0 });
      return run();
    },
  },
  /** Rows have moved to other pages: this one begins `rows` (drawn, 1 to a whole page) further on. */
  'rows-moved': {
    site: 'call',
    operations: ['list', 'refunds'],
    answer: ({ request, run, pick, rows = pick(1, readPage(request.query).limit) }) => {
      const offset = String(readPage(request.query).offset + rows);
      const moved = rowsOf(run({ query: { ...request.query, offset } }));
      return withRows(run(), () => moved);
    },
  },
  /** The total is told as it was `rows` (drawn, 1 to 50) rows ago, and where it is reached no further page is named. */
  'total-lags': {
    site: 'call',
    operations: [...PAGED],
    answer: ({ run, pick, rows = pick(1, TOTAL_BEHIND_MAX) }) => withTotalBehind(run(), rows),
  },
  /** A page holds fewer rows than asked for: a number drawn from 1 to half as many. */
  'short-page': {
    site: 'call',
    operations: [...PAGED],
    answer: ({ request, run, pick }) => {
      const limit = pick(1, Math.ceil(readPage(request.query).limit / 2));
      return run({ query: { ...request.query, limit: String(limit) } });
    },
  },
  /** A page behind the first comes after `delayMs` (2,000). */
  'slow-mid-walk': {
    site: 'call',
    operations: [...PAGED],
    meets: isBehindTheFirst,
    answer: after(({ delayMs = 2_000 }) => pause(delayMs)),
  },
  /** A page behind the first is refused; `delayMs` (1,000) is told as `Retry-After`. */
  '429-mid-walk': {
    site: 'call',
    operations: [...PAGED],
    meets: isBehindTheFirst,
    answer: ({ delayMs = 1_000 }) =>
      refuse('32', 'too many requests', { 'retry-after': String(Math.ceil(delayMs / 1_000)) }),
  },
  /** What the write makes is read by its id at once and listed only after `delayMs` (120,000). */
  'listed-late': {
    site: 'call',
    operations: ['create', 'refund', 'attempt'],
    answer: ({ sandbox, run, delayMs = 120_000 }) => sandbox.view.listLate(delayMs, () => run()),
  },
  /** Rows do not name the payment that they give back. */
  'rows-without-parent': {
    site: 'call',
    operations: ['list', ...REFUND_LISTS],
    answer: ({ run }) => withPayments(run(), (row) => withoutFields(row, ['parentPaymentId'])),
  },
} as const satisfies Record<string, FaultBehaviour>;

function isBehindTheFirst({ request: { query } }: Pick<FaultedCall, 'request'>): boolean {
  return [query.offset, query.next].some((at) => at !== undefined && /^\d+$/.test(at) && Number(at) > 0);
}

/** In every envelope: the number stands at the top or in `pagination`, which may hold another one. */
function withTotalBehind(answer: unknown, rows: number): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  const { total, pagination, ...rest } = answer as Told & { pagination?: object };
  return {
    ...rest,
    ...(typeof total === 'number' ? behind({ ...(answer as Told), total }, rows) : {}),
    ...(pagination === undefined ? {} : { pagination: withTotalBehind(pagination, rows) }),
  };
}

function behind({ total, count, next }: Told & { total: number }, rows: number): Told {
  const told = Math.max(0, total - rows);
  if (typeof count !== 'number') return { total: told };
  return { total: told, next: count < told ? next : 0 };
}
