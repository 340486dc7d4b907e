import { expect, test } from 'vitest';
import { toSteps } from '../src/answers/command-answer.ts';
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
