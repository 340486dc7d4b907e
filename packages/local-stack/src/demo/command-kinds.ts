import type { PricedBody } from './payment-bodies.ts';
import type { CommandDraft, ExpectedEnd } from './workload.ts';

const SETTLED: ExpectedEnd = { kind: 'settled' };

/** Created and captured by one command. */
export function createAndCapture(
  body: PricedBody,
  what: string,
  expected: ExpectedEnd = SETTLED,
): CommandDraft {
  const command = { type: 'payment.create' as const, payment: body, then: ['capture'] as ['capture'] };
  return { ...describe(body), what, command, expected };
}

/** Created, authorized and captured by one command. */
export function createAuthorizeAndCapture(body: PricedBody, what: string): CommandDraft {
  const steps: ['authorize', 'capture'] = ['authorize', 'capture'];
  const command = { type: 'payment.create' as const, payment: body, then: steps };
  return { ...describe(body), what, command, expected: SETTLED };
}

/** Created by one command and captured by another that names it by its externalId. */
export function createThenCaptureApart(body: PricedBody): CommandDraft[] {
  const { externalId } = body;
  return [
    {
      ...describe(body),
      what: 'create alone',
      command: { type: 'payment.create', payment: body },
      expected: SETTLED,
    },
    {
      ...describe(body),
      what: 'its capture, by externalId',
      command: { type: 'payment.capture', payment: { externalId } },
      expected: SETTLED,
    },
  ];
}

/** Created and captured, and given back in part once it is settled: the two are commands of one payment. */
export function createThenRefund(body: PricedBody, what: string, amount: string): CommandDraft[] {
  const { externalId, purchaseCurrency: currency } = body;
  return [
    createAndCapture(body, what),
    {
      type: 'REFUND',
      externalId,
      amount,
      currency,
      what: 'part of it is given back',
      command: {
        type: 'payment.refund',
        payment: { externalId },
        amount,
        currency,
        reason: 'goods returned',
      },
      expected: { kind: 'refunded' },
      refunds: body,
    },
  ];
}

/** Checked and recorded by Conomy as an attempt; no payment. */
export function attemptOnly(body: PricedBody): CommandDraft {
  return {
    ...describe(body),
    what: 'attempt: checked, not paid',
    command: { type: 'payment-attempt.create', payment: body },
    expected: { kind: 'attempted' },
  };
}

function describe({ type, externalId, purchaseAmount, purchaseCurrency }: PricedBody) {
  return { type, externalId, amount: purchaseAmount, currency: purchaseCurrency };
}
