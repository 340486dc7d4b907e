import type { Account } from './account-book.ts';
import { othersInstruction } from './others.ts';
import type { Payment } from './payment.ts';

/** What lists go by; a payment has it, and so has a row that is not one yet. */
export type Listed = Pick<
  Payment,
  'createdAtMs' | 'updatedAtMs' | 'identityId' | 'type' | 'currency' | 'status'
>;

/** Rows alike, which others made on one account. */
export interface Fill {
  account: Pick<Account, 'accountNumber' | 'identityId' | 'currency'>;
  type: string;
  count: number;
  /** They were created one after the other from here on, spread evenly over `overMs`. */
  fromMs: number;
  overMs: number;
}

/**
 * Payments of others by the thousand. Each is a few bytes until it is listed, and becomes a payment of the store only
 * when a call names it.
 */
export interface FilledRows {
  fill(fill: Fill): void;
  /** Oldest first. Do not change the array. */
  inOrder(accountNumber?: string): readonly FilledRow[];
  /** Takes the row with this id away, as the payment that it is; undefined when there is none. */
  take(id: string): Payment | undefined;
  fills(): readonly Fill[];
  clear(): void;
}

/** One row: where it stands in its fill; all else follows from that. */
export class FilledRow implements Listed {
  readonly fill: Fill;
  readonly fillNumber: number;
  readonly nth: number;
  readonly createdAtMs: number;

  constructor(fill: Fill, fillNumber: number, nth: number) {
    this.fill = fill;
    this.fillNumber = fillNumber;
    this.nth = nth;
    this.createdAtMs = fill.fromMs + Math.floor((nth * fill.overMs) / fill.count);
  }

  get updatedAtMs(): number {
    return this.createdAtMs;
  }

  get identityId(): string {
    return this.fill.account.identityId;
  }

  get type(): string {
    return this.fill.type;
  }

  get currency(): Payment['currency'] {
    return this.fill.account.currency;
  }

  get status(): 'CREATED' {
    return 'CREATED';
  }

  toPayment(): Payment {
    const { fill, fillNumber, nth, createdAtMs } = this;
    const minor = BigInt(100 + (nth % 9_900));
    return {
      ...othersInstruction(fill.account, fill.type, minor, `others-${fillNumber}-${nth}`),
      id: idOf(this),
      status: 'CREATED',
      createdAtMs,
      updatedAtMs: createdAtMs,
      enteredAtMs: {},
      funds: 'untouched',
      isPaid: false,
      effects: { create: 1, authorize: 0, capture: 0, refund: 0 },
      calls: { create: 1, authorize: 0, capture: 0, refund: 0, read: 0, simulate: 0 },
      history: [{ atMs: createdAtMs, status: 'CREATED' }],
      asked: [],
    };
  }
}

/** In the provider's form, with the place of the row in it: seconds, a mark, the fill, the row. */
export const FILLED_ID = /^[0-9a-f]{8}f111([0-9a-f]{6})([0-9a-f]{6})$/;

function idOf({ createdAtMs, fillNumber, nth }: FilledRow): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return `${hex(Math.floor(createdAtMs / 1_000), 8)}f111${hex(fillNumber, 6)}${hex(nth, 6)}`;
}

export function createFilledRows(): FilledRows {
  let fills: Fill[] = [];
  const byAccount = new Map<string, FilledRow[]>();
  let all: FilledRow[] = [];
  const isRow = (fillNumber: number, nth: number) => (row: FilledRow) =>
    row.fillNumber === fillNumber && row.nth === nth;
  const removeFrom = (rows: FilledRow[], isWanted: (row: FilledRow) => boolean): FilledRow | undefined => {
    const at = rows.findIndex(isWanted);
    return at < 0 ? undefined : rows.splice(at, 1)[0];
  };
  return {
    fill: (fill) => {
      fills.push(fill);
      const made = Array.from({ length: fill.count }, (_, nth) => new FilledRow(fill, fills.length, nth));
      const { accountNumber } = fill.account;
      byAccount.set(accountNumber, mergeByCreation(byAccount.get(accountNumber) ?? [], made));
      all = mergeByCreation(all, made);
    },
    inOrder: (accountNumber) => (accountNumber === undefined ? all : (byAccount.get(accountNumber) ?? [])),
    take: (id) => {
      const [, fillNumber, nth] = FILLED_ID.exec(id) ?? [];
      if (fillNumber === undefined || nth === undefined) return undefined;
      const isWanted = isRow(Number.parseInt(fillNumber, 16), Number.parseInt(nth, 16));
      const row = removeFrom(all, (each) => isWanted(each) && idOf(each) === id);
      if (row === undefined) return undefined;
      removeFrom(byAccount.get(row.fill.account.accountNumber) ?? [], isWanted);
      return row.toPayment();
    },
    fills: () => fills,
    clear: () => {
      fills = [];
      byAccount.clear();
      all = [];
    },
  };
}

/** Both in order of creation; of two at one instant the first array's comes first. */
export function mergeByCreation<A extends Listed, B extends Listed>(
  first: readonly A[],
  second: readonly B[],
): (A | B)[] {
  const merged: (A | B)[] = [];
  let at = 0;
  for (const row of second) {
    for (let next = first[at]; next && next.createdAtMs <= row.createdAtMs; next = first[at]) {
      merged.push(next);
      at += 1;
    }
    merged.push(row);
  }
  for (; at < first.length; at += 1) merged.push(first[at] as A);
  return merged;
}
