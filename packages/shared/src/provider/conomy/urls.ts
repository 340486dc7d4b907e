import { isConomyId } from '../../domain/conomy-id.ts';
import type { PaymentFilter } from '../payment-provider.ts';

/** `path` below a base URL, whose own path stays in front whether or not it ends in a slash. */
export function resolveUrl(base: string, path: string): URL {
  return new URL(base.replace(/\/+$/, '') + path);
}

/**
 * An id as a segment of a path.
 * @throws when it is none: whoever lets one in has checked it, and what is checked nowhere must not reach another route.
 */
export function segment(id: string): string {
  if (!isConomyId(id)) throw new RangeError(`${JSON.stringify(id)} is no Conomy id: nothing is asked of it`);
  return encodeURIComponent(id);
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
