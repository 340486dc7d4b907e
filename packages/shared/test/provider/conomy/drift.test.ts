import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  type Drift,
  findAnswerDrift,
  findDeliveryDrift,
  findErrorDrift,
  findPaymentDrift,
} from '../../../src/provider/conomy/drift.ts';

const inShort = (found: readonly Drift[]) =>
  found.map(({ kind, place, name, seen }) => `${kind} ${place}.${name} ${seen}`);

const FIXTURES = new URL('../../../../testing/fixtures/conomy/', import.meta.url);
const fixture = async (name: string) => JSON.parse(await readFile(new URL(name, FIXTURES), 'utf8'));

describe('no drift is found', () => {
  test.each([
    ['get-payment-purchase-settled.response.json', '/sandbox/payments/1'],
    ['get-payment-requires-review.response.json', '/sandbox/payments/1'],
    ['create-payment-collect.response.json', '/sandbox/payments'],
    ['create-payment-p2p.response.json', '/sandbox/payments'],
    ['capture-payment.response.json', '/sandbox/payments/1/captured'],
    ['attach-payment-document.response-lowercase-type.json', '/sandbox/payments/1/documents'],
    ['attach-payment-document.response-uppercase-type.json', '/sandbox/payments/1/documents'],
    ['list-refunds.response-by-parent.json', '/sandbox/payments/1/refunds'],
    ['get-account-by-number.response-single-object.json', '/sandbox/accounts'],
    ['list-accounts.response-skeleton-nested.json', '/sandbox/accounts'],
    ['available-products.response.json', '/sandbox/payments/available-products'],
  ])('in the documented answer %s', async (name, path) => {
    expect(inShort(findAnswerDrift(path, await fixture(name)))).toEqual([]);
  });

  test.each([
    'webhook-transaction-captured.json',
    'webhook-transaction-failed.json',
    'webhook-transaction-received.json',
    'webhook-event-type-payment-settled.json',
    'webhook-event-type-payment-expired.json',
    'webhook-event-type-payment-refund-created.json',
    'webhook-event-type-transaction-status-changed.json',
    'webhook-event-type-customer-level-changed.json',
  ])('in the documented delivery %s', async (name) => {
    expect(inShort(findDeliveryDrift(await fixture(name)))).toEqual([]);
  });
});

const payment = { id: '1', status: 'CREATED', type: 'P2P', totalAmount: '5.00' };

test.each<[string, object, string[]]>([
  ['a new field', { mood: 'good' }, ['new_field payment.mood string']],
  ['an amount as a number', { totalAmount: 5 }, ['retyped payment.totalAmount number']],
  ['a list of nodes as an object', { origins: {} }, ['retyped payment.origins object']],
  ['a status nobody knows', { status: 'PAUSED' }, ['new_status payment.PAUSED string']],
  ['a type nobody knows', { type: 'BARTER' }, ['new_type payment.BARTER string']],
  ['null where nothing applies', { settledAt: null }, []],
  ['an older status', { status: 'PENDING' }, []],
  [
    'a field whose name is somebody’s data',
    { 'Jane Doe, 4 Main St': 1 },
    ['new_field payment.(not a word) number'],
  ],
])('%s', (_what, change, expected) => {
  expect(inShort(findPaymentDrift({ ...payment, ...change }))).toEqual(expected);
});

test('a renamed field shows as one that is missing and one that is new', () => {
  const { status, ...rest } = payment;
  expect(inShort(findPaymentDrift({ ...rest, state: status }))).toEqual([
    'new_field payment.state string',
    'missing_field payment.status nothing',
  ]);
});

test('every row of a list is looked at', () => {
  const list = { pagination: { total: 2 }, results: [payment, { ...payment, mood: 'good' }] };
  expect(inShort(findAnswerDrift('/sandbox/payments', list))).toEqual(['new_field payment.mood string']);
});

test('a delivery is looked at as a whole', () => {
  const transaction = { ...payment, status: 'PAUSED', mood: 'good' };
  expect(
    inShort(findDeliveryDrift({ event: 'Transaction.Paused', data: { transaction }, version: 3 })),
  ).toEqual([
    'new_field delivery.version number',
    'new_event delivery.Transaction.Paused string',
    'new_field delivery.transaction.mood string',
    'new_status delivery.PAUSED string',
  ]);
});

test('an error code nobody knows', () => {
  expect(inShort(findErrorDrift('77'))).toEqual(['new_error_code error.77 string']);
  expect(findErrorDrift('21')).toEqual([]);
  expect(findErrorDrift(undefined)).toEqual([]);
});
