import { type Page, pagination } from './read-query.ts';

/** One page of a list in the documented envelope asked for; `total` counts all pages. */
export function enveloped(
  shape: 'cursor' | 'offset',
  page: Page,
  results: readonly unknown[],
  total: number,
) {
  if (shape === 'offset') return { results, pagination: { limit: page.limit, offset: page.offset, total } };
  return { pagination: pagination(page, results.length, total), results };
}
