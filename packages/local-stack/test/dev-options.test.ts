import { expect, test } from 'vitest';
import { readDevOptions, UsageError } from '../src/dev-options.ts';

test('without arguments there is one copy of each service', () => {
  expect(readDevOptions([])).toEqual({ api: 1, capturers: 1, reconcilers: 1 });
});

test('copies are read from the flags, also behind a separator', () => {
  const copies = { api: 2, capturers: 3, reconcilers: 4 };
  expect(readDevOptions(['--api', '2', '--capturers=3', '--reconcilers', '4'])).toEqual(copies);
  expect(readDevOptions(['--', '--api', '2', '--capturers', '3', '--reconcilers', '4'])).toEqual(copies);
});

test.each([[['--workers', '2']], [['--api', '0']], [['--api', 'two']], [['--api', '17']], [['api']]])(
  '%j is a usage error that names the culprit',
  (args) => {
    expect(() => readDevOptions(args)).toThrow(UsageError);
    expect(() => readDevOptions(args)).toThrow(args[0]);
  },
);

test('help is not a start', () => {
  expect(readDevOptions(['--help'])).toBeNull();
});
