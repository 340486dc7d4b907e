import type { PaymentProvider, ProviderFailure } from '@capstan/shared/provider/payment-provider';
import { expect, test } from 'vitest';
import { readOwn } from '../src/read-own.ts';
import { claimedCommand, observedPayment } from './claimed-command.ts';

const reading = (failure: ProviderFailure) =>
  readOwn(
    { readPayment: async () => ({ ok: false, failure }) } as unknown as PaymentProvider,
    claimedCommand(),
    AbortSignal.timeout(1_000),
  );

test.each<[string, ProviderFailure, boolean]>([
  ['away', { stage: 'not_sent', reason: 'connect_refused' }, false],
  ['silent', { stage: 'no_clear_answer', reason: 'timeout' }, false],
  ['failing', { stage: 'no_clear_answer', reason: 'http_503', httpStatus: 503 }, false],
  ['turning us away', { stage: 'answered', reason: 'http_429', httpStatus: 429 }, false],
  ['not finding it', { stage: 'answered', reason: 'http_404', httpStatus: 404 }, true],
  [
    'telling nothing that can be read',
    { stage: 'no_clear_answer', reason: 'not_json', httpStatus: 200 },
    true,
  ],
])(
  'a read of the own payment counts as answered or not while Conomy is %s',
  async (_what, failure, answered) => {
    expect(await reading(failure)).toMatchObject({
      payment: null,
      evidence: { finding: 'inconclusive', isWhole: false, answered },
    });
  },
);

test('a read about another payment counts as answered, and for nothing else', async () => {
  const other = { ...observedPayment('SETTLED'), id: 'another' };
  const provider = { readPayment: async () => ({ ok: true, value: other }) } as unknown as PaymentProvider;
  expect(await readOwn(provider, claimedCommand(), AbortSignal.timeout(1_000))).toMatchObject({
    payment: null,
    evidence: { finding: 'inconclusive', answered: true },
  });
});
