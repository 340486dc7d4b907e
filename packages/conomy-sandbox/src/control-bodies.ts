import { CURRENCIES, readReceivedAmount } from '@capstan/shared/domain/money';
import { z } from 'zod';
import { ConomyError } from './errors.ts';
import { canMeet, FAULT_NAMES, type FaultName } from './fault-catalogue.ts';
import { OPERATION_NAMES, type OperationName } from './operations/operation.ts';
import { PAYMENT_STATUSES } from './payment.ts';
import { WAIT_MS_MAX } from './payment-timers.ts';
import { ANSWER_SHAPES, PAYERS, REVIEW_DECISIONS, REVIEW_RESUMES_AT } from './settings.ts';
import { WEBHOOK_FORMS } from './webhook-event.ts';
import { INSTANT_FORMS } from './zone.ts';

/** A provider's clock may be wrong by this much, a day. */
const CLOCK_MS_MAX = 24 * 3_600_000;
const FILL_ROWS_MAX = 1_000_000;

const waitMs = z.int().min(0).max(WAIT_MS_MAX);

const account = z
  .strictObject({
    accountNumber: z.string().min(1),
    identityId: z.string().min(1),
    currency: oneOf('currency', CURRENCIES),
    availableFunds: z.string(),
  })
  .refine(({ availableFunds, currency }) => readReceivedAmount(availableFunds, currency).exact, {
    path: ['availableFunds'],
    error: 'must be a decimal within the scale of the currency, zero or more',
  });

const decimal = z.string().regex(/^\d{1,12}(\.\d{1,8})?$/, 'must be a plain decimal');
const wholeAmount = z.string().regex(/^\d{1,12}$/, 'must be a whole number');

const feeRule = z.strictObject({
  name: z.string().min(1),
  type: oneOf('type', ['FIXED', 'PERCENTAGE']),
  value: decimal,
  paymentType: z.string().optional(),
});

export const configBody = z.strictObject({
  timers: z
    .strictObject({ capturedToReceivedMs: waitMs.nullable(), receivedToSettledMs: waitMs.nullable() })
    .partial()
    .optional(),
  webhook: z
    .strictObject({
      url: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]),
      secret: z.string(),
      form: oneOf('form', WEBHOOK_FORMS),
    })
    .partial()
    .optional(),
  payer: oneOf('payer', PAYERS).optional(),
  fees: z.array(feeRule).optional(),
  limits: z
    .record(z.string(), z.strictObject({ minAmount: wholeAmount, maxAmount: wholeAmount }).partial())
    .optional(),
  review: z
    .strictObject({
      thresholds: z.partialRecord(oneOf('currency', CURRENCIES), decimal),
      resumesAt: oneOf('resumesAt', REVIEW_RESUMES_AT),
      decisions: oneOf('decisions', REVIEW_DECISIONS),
    })
    .partial()
    .optional(),
  shapes: z
    .strictObject({
      payments: oneOf('shape', ANSWER_SHAPES.payments),
      refunds: oneOf('shape', ANSWER_SHAPES.refunds),
      accounts: oneOf('shape', ANSWER_SHAPES.accounts),
      writes: oneOf('shape', ANSWER_SHAPES.writes),
      errors: oneOf('shape', ANSWER_SHAPES.errors),
    })
    .partial()
    .optional(),
  clock: z
    .strictObject({
      utcOffset: z.string().regex(/^[+-](0\d|1[0-4]):[0-5]\d$/, 'must be an offset like -05:00'),
      instants: oneOf('instants', INSTANT_FORMS),
      aheadMs: z.int().min(-CLOCK_MS_MAX).max(CLOCK_MS_MAX),
    })
    .partial()
    .optional(),
  accounts: z.array(account).optional(),
});

/** Rows that others have made: so many of a type on an account, spread over a day of the provider. */
export const fillBody = z.strictObject({
  accountNumber: z.string().min(1),
  type: z.string().min(1).default('P2P'),
  count: z.int().min(1).max(FILL_ROWS_MAX),
  day: z.iso.date(),
});

export const payBody = z.strictObject({ outcome: oneOf('outcome', ['paid', 'failed']).default('paid') });

export const depositBody = z.strictObject({ amount: z.string(), providerReference: z.string().optional() });

export const transitionBody = z.strictObject({ status: oneOf('status', PAYMENT_STATUSES) });

/** A rule that cannot fire would look like a run without faults, so it is refused. */
const faultRule = z
  .strictObject({
    operation: oneOf('operation', [...OPERATION_NAMES, 'webhook', '*']),
    fault: oneOf('fault', FAULT_NAMES),
    probability: z.number().min(0).max(1).optional(),
    count: z.int().min(0).optional(),
    delayMs: waitMs.optional(),
    rows: z.int().min(0).max(FILL_ROWS_MAX).optional(),
  })
  .refine(({ operation, fault }) => canMeet(fault, operation), {
    path: ['fault'],
    error: ({ input }) => {
      const { operation, fault } = input as { operation: OperationName; fault: FaultName };
      const fitting = FAULT_NAMES.filter((name) => canMeet(name, operation));
      return `"${fault}" can never hit "${operation}"; what can: ${fitting.join(', ')}`;
    },
  });

export const faultsBody = z.strictObject({
  seed: z.union([z.number(), z.string()]).default(0),
  rules: z.array(faultRule),
});

/** An enumeration whose refusal says what was sent and what there is. */
function oneOf<const T extends readonly [string, ...string[]]>(name: string, values: T) {
  return z.enum(values, {
    error: ({ input }) => `unknown ${name} ${JSON.stringify(input)}; known: ${values.join(', ')}`,
  });
}

/** Throws ConomyError 11 naming every field that is wrong or unknown. */
export function readControlBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const at = path.join('.');
    return at === '' ? message : `${at}: ${message}`;
  });
  throw new ConomyError('11', problems.join('; '));
}
