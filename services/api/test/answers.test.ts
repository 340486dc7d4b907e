import type { DiscrepancyRow } from '@capstan/shared/db/discrepancies';
import type { PaymentRow } from '@capstan/shared/db/payments';
import { expect, test } from 'vitest';
import { toSteps } from '../src/answers/command-answer.ts';
import { toDiscrepancyAnswer } from '../src/answers/discrepancy-answer.ts';
import { toPaymentAnswer } from '../src/answers/payment-answer.ts';
import { readRail } from '../src/answers/rail.ts';

const PLAN = ['create', 'authorize', 'capture'] as const;
const attemptsOf = (...steps: number[]) => steps.map((step) => ({ step }));

test.each([
  ['accepted', 0, [], ['pending', 'pending', 'pending']],
  ['blocked', 0, [], ['pending', 'pending', 'pending']],
  ['executing', 0, [0], ['executing', 'pending', 'pending']],
  ['executing', 1, [0, 1, 1], ['succeeded', 'executing', 'pending']],
  ['unresolved', 2, [0, 2], ['succeeded', 'skipped', 'unresolved']],
  ['succeeded', 3, [0, 1, 2], ['succeeded', 'succeeded', 'succeeded']],
  ['rejected', 1, [0, 1], ['succeeded', 'rejected', 'skipped']],
  ['canceled', 0, [], ['canceled', 'skipped', 'skipped']],
  ['parked', 1, [0, 1], ['succeeded', 'parked', 'pending']],
] as const)('the steps of a command that is %s after %i steps', (status, stepsDone, steps, expected) => {
  const answer = toSteps({ steps: PLAN, stepsDone, status }, attemptsOf(...steps));

  expect(answer.map((step) => step.status)).toEqual(expected);
  expect(answer.map((step) => step.attempts)).toEqual(
    [0, 1, 2].map((step) => steps.filter((s) => s === step).length),
  );
});

test('an amount goes out as a decimal string however Conomy wrote it, in a payment and in a discrepancy', () => {
  // As PostgreSQL hands over what was mirrored before.
  const told = JSON.parse(
    '{"totalAmount": 10.5, "fees": [{"amount": 1e21}], "origins": [{"amount": 0.1, "type": "X"}]}',
  );
  const payment = { snapshot: told, conomyId: 'p', externalId: null, duplicateOf: null } as PaymentRow;
  const side = { value: told, readAt: new Date(0) };
  const decimals = {
    totalAmount: '10.5',
    fees: [{ amount: '1000000000000000000000' }],
    origins: [{ amount: '0.1', type: 'X' }],
  };

  expect(toPaymentAnswer(payment)).toMatchObject(decimals);
  expect(toDiscrepancyAnswer({ mirror: side, provider: side } as unknown as DiscrepancyRow)).toMatchObject({
    mirror: { ...side, value: decimals },
    provider: { ...side, value: decimals },
  });
});

test('the rail holds what the payer needs and nothing else of the node', () => {
  const origins = [
    {
      type: 'WOMPI',
      amount: '10',
      wompi: {
        url: 'https://pay.test',
        expiresAt: '2026-01-01',
        redirectUrl: 'x',
        customer: { firstName: 'A' },
      },
    },
  ];

  expect(readRail({ origins, destinations: [{ type: 'ACCOUNT', account: { accountNumber: '1' } }] })).toEqual(
    { url: 'https://pay.test', expiresAt: '2026-01-01' },
  );
});

test('what a SPEI pay-in came back with is for the payer', () => {
  const origins = [{ type: 'SPEI', spei: { clabe: '032180000118359719', customer: { firstName: 'A' } } }];

  expect(readRail({ origins })).toEqual({ clabe: '032180000118359719' });
});

test.each([
  [{}],
  [{ origins: 'none' }],
  [{ origins: [null, 1, { account: { accountNumber: '1' } }] }],
  [{ origins: [{ pix: { qrCode: null, data: '' } }] }],
  [{ origins: [{ type: 'CARD', card: { token: 'tok_of_the_payer' } }] }],
  [{ destinations: [{ type: 'SPEI', spei: { clabe: '032180000118359719' } }] }],
])('a payment without payer instructions has no rail: %j', (snapshot) =>
  expect(readRail(snapshot)).toBeUndefined(),
);
