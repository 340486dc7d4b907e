import { expect, test } from 'vitest';
import { describeRails } from '../../src/domain/describe-rails.ts';
import { RAIL_TYPES } from '../../src/domain/rails.ts';

test('the page has a row for every rail, all of the same width', () => {
  const rows = describeRails()
    .split('\n')
    .filter((line) => RAIL_TYPES.some((type) => line.startsWith(`| \`${type}\` | \``)));
  expect(rows).toHaveLength(RAIL_TYPES.length);
  expect(new Set(rows.map((row) => row.split(' | ').length))).toEqual(new Set([7]));
});

test('a choice, an optional field and a direction are told apart', () => {
  const page = describeRails();
  expect(page).toContain(
    'in and out: `ach.routingNumber`, `ach.bank.accountNumber` or `ach.accountNumber`, ',
  );
  expect(page).toContain('<br>out: `pix.pixKeyType`, `pix.pixKey` (optional: `pix.customer`)');
  expect(page).toContain('in: nothing (optional: `cvu.customer`)');
});
