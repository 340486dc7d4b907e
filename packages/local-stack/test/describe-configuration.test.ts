import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeConfiguration } from '../src/describe-configuration.ts';

const page = describeConfiguration();

/** The cells of each row that is about this variable. */
function rowsOf(name: string): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`| \`${name}\` |`))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | ?\|$/g, '')));
}

test('the page in docs is what the code says', () => {
  const file = new URL('../../../docs/configuration.md', import.meta.url);
  expect(readFileSync(file, 'utf8'), 'run `pnpm docs:write` and commit the file').toBe(page);
});

test('a variable that several processes read alike has one row that names them all', () => {
  expect(rowsOf('DATABASE_URL').map(([, readers]) => readers)).toEqual(['services, migrate']);
  expect(rowsOf('HOST').map(([, readers]) => readers)).toEqual(['services, sandbox']);
  expect(rowsOf('CAPTURER_CONCURRENCY').map(([, readers]) => readers)).toEqual(['capturer']);
});

test('defaults that differ between processes are told per process', () => {
  expect(rowsOf('PORT').map((cells) => cells[4])).toEqual([
    'api `3000`, capturer `3001`, reconciler `3002`, sandbox `0`',
  ]);
});

test('a name that two processes understand differently has a row for each', () => {
  expect(rowsOf('LOG_LEVEL').map(([, readers]) => readers)).toEqual(['services', 'sandbox']);
});

test('a variable says what it asks for in the words of its own refusal', () => {
  expect(rowsOf('CAPTURER_CONCURRENCY').map((cells) => cells[3])).toEqual(['a whole number from 1 to 500']);
});

test('a variable without a default is required, and a secret may come from a file', () => {
  expect(rowsOf('API_KEYS').map((cells) => cells.slice(3))).toEqual([
    ['', '**required**', 'yes, or `API_KEYS_FILE`'],
  ]);
});
