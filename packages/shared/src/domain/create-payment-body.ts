import type { z } from 'zod';
import { amountFaults, productFaults, sumFaults } from './amount-faults.ts';
import { type BodyFault, type CreatePaymentFields, createPaymentFields } from './create-payment-fields.ts';
import { PAYMENT_TYPES } from './payment-types.ts';
import { conversionFaults, currencyFaults, initiatorFaults, sideFaults } from './side-faults.ts';

/**
 * The body of `POST /payments` as callers give it and as it is sent. Strict: unknown fields, inexact
 * amounts, sums that do not add up and rails that do not fit are refused before anything is written.
 * Whether `expiresAt` is still ahead depends on the clock and is not judged here.
 */
export const createPaymentBody = createPaymentFields.superRefine((body, context) => {
  for (const fault of findFaults(body)) context.addIssue({ code: 'custom', ...fault });
});

export type CreatePaymentBody = z.infer<typeof createPaymentBody>;

function* findFaults(body: CreatePaymentFields): Generator<BodyFault> {
  const rule = PAYMENT_TYPES[body.type];
  yield* amountFaults(body);
  yield* productFaults(body);
  for (const side of ['origins', 'destinations'] as const) {
    yield* sideFaults(body, side, rule);
    yield* currencyFaults(body, side);
    yield* sumFaults(body, side, rule);
  }
  yield* conversionFaults(body, rule);
  yield* initiatorFaults(body, rule);
}
