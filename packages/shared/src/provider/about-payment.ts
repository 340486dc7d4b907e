import type { ObservedPayment, ProviderResult } from './payment-provider.ts';

/** What a read of one payment came to: an answer about another one than was asked for is no answer. */
export async function aboutPayment(
  id: string,
  reading: Promise<ProviderResult<ObservedPayment>>,
): Promise<ProviderResult<ObservedPayment>> {
  const read = await reading;
  if (!read.ok || read.value.id === id) return read;
  return { ok: false, failure: { stage: 'no_clear_answer', reason: 'not_this_payment', httpStatus: 200 } };
}
