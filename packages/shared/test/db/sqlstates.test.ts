import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool, type Pool } from '../../src/db/pool.ts';
import {
  databaseTrouble,
  isDatabaseUnavailable,
  isDataRefused,
  isItemsFault,
  losesConnection,
} from '../../src/db/sqlstates.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { errorOf, openDatabaseFixture, raise } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());

describe('what PostgreSQL says with', () => {
  test.each([
    ...['08000', '08006', '25006', '25P03', '53100', '53200', '53300', '57P01', '57P03', '57P05', '58030'],
  ])('%s is for now, and the connection is of no more use', async (code) => {
    const error = await errorOf(pool.query(raise(code)));
    expect(databaseTrouble(error)).toBe('not_now');
    expect(losesConnection(error)).toBe(true);
    expect([isDatabaseUnavailable(error), isItemsFault(error)]).toEqual([true, false]);
  });

  test.each(['40001', '40P01', '55P03', '57014'])('%s is for now, and the connection stays', async (code) => {
    const error = await errorOf(pool.query(raise(code)));
    expect(databaseTrouble(error)).toBe('not_now');
    expect(losesConnection(error)).toBe(false);
    expect([isDatabaseUnavailable(error), isItemsFault(error)]).toEqual([true, false]);
  });

  test.each(['08P01', '28000', '28P01', '3D000'])(
    '%s stops a start; who is at work does not take it for a fault of the work',
    async (code) => {
      const error = await errorOf(pool.query(raise(code)));
      expect(databaseTrouble(error)).toBe('never');
      expect([isDatabaseUnavailable(error), isItemsFault(error)]).toEqual([true, false]);
    },
  );

  test.each(['21000', '22021', '22P05', '23505', '23514', '44000', '54000', 'P0001'])(
    '%s is about the content alone',
    async (code) => {
      const error = await errorOf(pool.query(raise(code)));
      expect([isDataRefused(error), isItemsFault(error)]).toEqual([true, true]);
      expect([isDatabaseUnavailable(error), losesConnection(error)]).toEqual([false, false]);
    },
  );

  test.each(['0A000', '25001', '26000', '42501', '42P01', '55000', 'XX000'])(
    '%s is ours, and no fault of the item',
    async (code) => {
      const error = await errorOf(pool.query(raise(code)));
      expect(databaseTrouble(error)).toBe('ours');
      expect([isDatabaseUnavailable(error), isDataRefused(error), isItemsFault(error)]).toEqual([
        false,
        false,
        false,
      ]);
    },
  );
});

test.each([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'ENETUNREACH',
    'ENETDOWN',
    'EHOSTDOWN',
    'EHOSTUNREACH',
    'EPIPE',
    'ETIMEDOUT',
  ],
  ...['ENOTFOUND', 'EAI_AGAIN'],
])('a socket that says %s is for now', (code) => {
  const error = Object.assign(new Error('made by the test'), { code });
  expect([databaseTrouble(error), losesConnection(error)]).toEqual(['not_now', true]);
});

test('a server that is not there is for now', async () => {
  const log = createLogger('test', 'fatal');
  const away = openPool({ url: 'postgres://nobody@127.0.0.1:1/none', name: 'away', max: 1, log });
  expect(databaseTrouble(await errorOf(away.query('select 1')))).toBe('not_now');
  await away.end();
});

test.each([new Error('something else'), new TypeError('a defect'), 'a text', null])(
  'such as %o is none of the database',
  (error) => {
    expect(databaseTrouble(error)).toBe(null);
    expect([isDatabaseUnavailable(error), isItemsFault(error)]).toEqual([false, true]);
  },
);
