import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../src/operations/registry.ts';

test('every sandbox route that docs/conomy.md names for an operation is played', async () => {
  const page = await readFile(new URL('../../../docs/conomy.md', import.meta.url), 'utf8');
  const [called = ''] = page.split('Not called, and why:');
  const rows = called.split('\n').filter((line) => /^\| [\d.]+ \|/.test(line));
  const routes = rows.map((row) => /`([^`]+)` \|$/.exec(row)?.[1]);
  const played = new Set(OPERATIONS.map(({ path }) => path));

  expect(rows.length).toBeGreaterThanOrEqual(20);
  expect(routes.filter((route) => !played.has(`/sandbox${route}`) && !played.has(String(route)))).toEqual([]);
});
