// Every documented answer and webhook is read, each by the reader its operation uses.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseUnassigned, parseUnassignedFunds } from '../../../src/provider/conomy/deposits.ts';
import { parseAvailableProducts } from '../../../src/provider/conomy/discovery.ts';
import {
  findAccount,
  parseErrorBody,
  parseList,
  parsePayment,
  parseToken,
} from '../../../src/provider/conomy/schema.ts';
import { verifyDelivery } from '../../../src/provider/conomy/signature.ts';
import { readDelivery } from '../../../src/provider/conomy/webhook.ts';
import { fixture, fixtureNames, fixtureText } from './fixtures.ts';

type Reader = (json: unknown) => unknown;

/** Where several fit, the first decides. */
const READERS: readonly [RegExp, Reader][] = [
  [/^auth\./, parseToken],
  [/^get-unassigned-balance\./, parseUnassignedFunds],
  [/^list-unassigned-payments\./, (json) => parseUnassigned(json, 0)?.deposits[0]],
  [/^available-products\./, parseAvailableProducts],
  [/^(create-account|get-account-by-number)\./, (json) => findAccount(json, accountNumberOf(json))],
  [/^list-|^get-payment-refunds-summary\./, (json) => parseList(json)?.rows[0]],
  [
    /^create-refund\./,
    (json) => parsePayment({ ...(json as object), id: (json as { refundId: string }).refundId }),
  ],
  [/^error-body/, (json) => parseErrorBody(json)],
  [/payment|^assign-|^mark-|^request-review|^resolve-review/, parsePayment],
];

/** Answers of operations Capstan does not call, or without a content to read. */
const NOT_READ: Readonly<Record<string, string>> = {
  'presign-payment-document.response': 'documents are uploaded by people',
  'sandbox-provider-received.response': 'says only {"ok":true}; the client test covers it',
};

function accountNumberOf(json: unknown): string {
  return (json as { accountNumber: string }).accountNumber;
}

describe('documented answers', () => {
  const answers = fixtureNames(/\.response|^error-body/);

  it.each(answers.filter((name) => !(name in NOT_READ)))('%s is read', (name) => {
    const [, read] = READERS.find(([pattern]) => pattern.test(name)) ?? [];
    if (!read) throw new Error(`no reader is named for ${name}: add one, or say why it is not read`);
    const value = read(fixture(name));
    expect(value).toBeTruthy();
    expect(value).not.toEqual({});
  });

  it('what is not read is documented', () => {
    expect(Object.keys(NOT_READ).filter((name) => !answers.includes(name))).toEqual([]);
  });
});

describe('documented webhooks', () => {
  const deliveries = fixtureNames(/^webhook-(transaction|event-type)-/);
  const SECRET = 'test-webhook-secret';
  const both = new Set(['body', 'header'] as const);

  it.each(deliveries)('%s verifies in its form and is read', (name) => {
    const body = Buffer.from(fixtureText(name));
    const isOlder = name.includes('event-type');
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    const verified = verifyDelivery(
      body,
      isOlder ? { 'x-webhook-signature': signature } : {},
      [SECRET],
      both,
    );
    if (!verified.verified) throw new Error(`${name} did not verify: ${verified.reason}`);
    expect(verified.form).toBe(isOlder ? 'header' : 'body');
    const delivery = readDelivery(verified.payload);
    expect(delivery.about).not.toBe('unknown');
    if (delivery.about !== 'customer') {
      expect(delivery).toMatchObject({ conomyId: expect.any(String), status: expect.any(String) });
    }
  });
});
