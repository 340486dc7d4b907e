import { ConomyError } from '../errors.ts';
import { FilledRow, type Listed, mergeByCreation } from '../filled-rows.ts';
import type { Payment } from '../payment.ts';
import type { Sandbox } from '../sandbox.ts';
import type { OperationRequest } from './operation.ts';
import { given, type Page, type TimeWindow } from './read-query.ts';

const SORT_FIELDS = { createdAt: 'createdAtMs', updatedAt: 'updatedAtMs' } as const;

export interface Sort {
  field: keyof typeof SORT_FIELDS;
  descending: boolean;
}

/** Newest first unless asked otherwise; the provider states no default. */
export function readSort(query: OperationRequest['query']): Sort {
  const text = given(query, 'sort') ?? 'createdAt:desc';
  const [, field, direction] = /^(createdAt|updatedAt):(asc|desc)$/.exec(text) ?? [];
  if (field !== 'createdAt' && field !== 'updatedAt') {
    throw new ConomyError('11', `sort "${text}" must be createdAt or updatedAt with :asc or :desc`);
  }
  return { field, descending: direction === 'desc' };
}

type Filter = (payment: Listed) => boolean;

export function readFilter(query: OperationRequest['query']): Filter {
  const filters: Filter[] = [];
  for (const name of ['identityId', 'type', 'currency'] as const) {
    const wanted = given(query, name);
    if (wanted !== undefined) filters.push((payment) => payment[name] === wanted);
  }
  const statuses = given(query, 'status')?.split(',');
  if (statuses) filters.push(({ status }) => statuses.includes(status));
  // No payment here comes from a hosted checkout.
  if (given(query, 'checkoutSessionId') !== undefined) filters.push(() => false);
  return (payment) => filters.every((passes) => passes(payment));
}

/** The payments of an account, or all, as lists show them, those among them that are only rows so far. */
export function listed({ view, filled }: Sandbox, accountNumber?: string): readonly (Payment | FilledRow)[] {
  const rows = filled.inOrder(accountNumber);
  const payments = view.inOrder(accountNumber);
  return rows.length === 0 ? payments : mergeByCreation(payments, rows);
}

/** One page of what passes. Payments lie in order of creation: a window is found by halving, and the usual sorts need no sorting. */
export function select(
  inOrder: readonly (Payment | FilledRow)[],
  window: TimeWindow,
  filter: Filter,
  sort: Sort,
  page: Page,
) {
  const from = firstCreatedAtOrAfter(inOrder, window.fromMs);
  const to = firstCreatedAtOrAfter(inOrder, window.toMs);
  const found: (Payment | FilledRow)[] = [];
  for (let index = from; index < to; index += 1) {
    const payment = inOrder[index];
    if (payment && filter(payment)) found.push(payment);
  }
  if (sort.field !== 'createdAt') {
    const key = SORT_FIELDS[sort.field];
    found.sort((a, b) => a[key] - b[key]);
  }
  if (sort.descending) found.reverse();
  const results = found.slice(page.offset, page.offset + page.limit).map(asPayment);
  return { results, total: found.length };
}

function asPayment(row: Payment | FilledRow): Payment {
  return row instanceof FilledRow ? row.toPayment() : row;
}

function firstCreatedAtOrAfter(inOrder: readonly Listed[], ms: number): number {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((inOrder[middle]?.createdAtMs ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
