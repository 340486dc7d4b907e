import type { PaymentFilter } from '../payment-provider.ts';

/** `path` below a base URL, whose own path stays in front whether or not it ends in a slash. */
export function resolveUrl(base: string, path: string): URL {
  return new URL(base.replace(/\/+$/, '') + path);
}

/** Ids are opaque: whatever is in one stays inside its path segment, also `..`, which a URL would resolve. */
export function segment(id: string): string {
  return /^\.{1,2}$/.test(id) ? id.replaceAll('.', '%252E') : encodeURIComponent(id.toWellFormed());
}

/** The query parameters of a list; days go out as `dd/mm/yyyy`, the UTC day. */
export function listQuery(filter: PaymentFilter, page: Record<string, number>): string {
  const { fromDay, toDay, ...same } = filter;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(same)) if (value !== undefined) query.set(name, value);
  if (fromDay) query.set('startDate', formatDay(fromDay));
  if (toDay) query.set('endDate', formatDay(toDay));
  for (const [name, value] of Object.entries(page)) query.set(name, String(value));
  return query.toString();
}

function formatDay(day: Date): string {
  const [year, month, date] = day.toISOString().slice(0, 10).split('-');
  return `${date}/${month}/${year}`;
}
