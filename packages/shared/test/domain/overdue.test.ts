import { expect, test } from 'vitest';
import { overdueAfterMs } from '../../src/domain/overdue.ts';
import { PAYMENT_STATUSES } from '../../src/domain/payment-status.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const between = (origin: string, destination: string) => ({
  origins: [{ type: origin }],
  destinations: [{ type: destination }],
});

test.each([
  ['CREATED', between('ACCOUNT', 'ACCOUNT'), 3 * DAY],
  ['AUTHORIZED', between('ACCOUNT', 'ACCOUNT'), 3 * DAY],
  ['REQUIRES_REVIEW', between('ACCOUNT', 'ACCOUNT'), DAY],
  ['DISPUTED', between('ACCOUNT', 'ACCOUNT'), DAY],
  ['A_NEW_ONE', between('ACCOUNT', 'ACCOUNT'), DAY],
  ['CAPTURED', between('ACCOUNT', 'ACCOUNT'), HOUR],
  ['RECEIVED', between('ACCOUNT', 'ACCOUNT'), HOUR],
  ['CAPTURED', between('PIX', 'ACCOUNT'), DAY],
  ['CAPTURED', between('ACCOUNT', 'ACH'), 5 * DAY],
  ['RECEIVED', between('ACCOUNT', 'SWIFT'), 7 * DAY],
  ['CAPTURED', {}, DAY],
  ['CAPTURED', { origins: 'odd', destinations: [null, 7] }, DAY],
  ['ATTEMPT', {}, null],
])('%s of %j stands still after %s ms', (status, snapshot, expected) => {
  expect(overdueAfterMs(status, snapshot)).toBe(expected);
});

test('a final payment never stands still', () => {
  for (const [status, { final }] of Object.entries(PAYMENT_STATUSES))
    if (final) expect(overdueAfterMs(status, between('PIX', 'ACCOUNT'))).toBeNull();
});
