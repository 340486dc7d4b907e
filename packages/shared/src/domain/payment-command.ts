import { z } from 'zod';
import { conomyId } from './conomy-id.ts';
import { createPaymentBody } from './create-payment-body.ts';
import { toUtcInstant } from './instant.ts';
import { CURRENCIES, explainUnsendableAmount } from './money.ts';

/** One call of ours to the provider; a command's plan is a list of them. */
export const OPERATIONS = [
  'create',
  'authorize',
  'capture',
  'refund',
  'create_attempt',
  'submit_document',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export const COMMAND_TYPES = [
  'payment.create',
  'payment.authorize',
  'payment.capture',
  'payment.refund',
  'payment-attempt.create',
  'payment.submit-document',
] as const;
export type CommandType = (typeof COMMAND_TYPES)[number];

const text = (max: number) =>
  z.string().min(1, 'must not be empty').max(max, `must have at most ${max} characters`);

const notAfter = z.iso
  .datetime({
    offset: true,
    error: 'must be an RFC 3339 instant such as "2026-05-18T10:00:00Z"',
    abort: true,
  })
  // As it was written: the fingerprint of the command rests on it.
  .refine((text) => toUtcInstant(text) !== null, 'must lie between the years 1 and 9999 in UTC')
  .optional();

/** Names the payment a later command is about: by Conomy's id or by the caller's own externalId. */
const paymentReference = z.union(
  [z.strictObject({ id: conomyId }), z.strictObject({ externalId: text(200) })],
  {
    error: 'must be {"id":"…"} or {"externalId":"…"}, exactly one of them',
  },
);

const then = z
  .union([z.tuple([z.literal('capture')]), z.tuple([z.literal('authorize'), z.literal('capture')])], {
    error: 'must be ["capture"] or ["authorize","capture"]',
  })
  .optional();

/** Part or all of a settled payment given back. Both amount and currency are required: nothing is refunded by default. */
const refund = z
  .strictObject({
    type: z.literal('payment.refund'),
    payment: paymentReference,
    amount: z.string('must be a string such as "150.00"'),
    currency: z.enum(CURRENCIES, { error: `must be one of ${CURRENCIES.join(', ')}` }),
    reason: text(500).optional(),
    notAfter,
  })
  .superRefine(({ amount, currency }, context) => {
    const fault = explainUnsendableAmount(amount, currency);
    if (fault !== null) context.addIssue({ code: 'custom', path: ['amount'], message: fault });
  });

/** Dossier §13; the lower case of the newest reference page, D22. */
const DOCUMENT_TYPES = ['kyc', 'source_of_funds', 'invoice', 'contract', 'other'] as const;

/**
 * What is handed in for the review of a payment, in Conomy's names and sent as accepted. The file itself lies where `url`
 * says: at Conomy's own document storage or at one that Conomy can read.
 */
const document = z.strictObject({
  type: z.enum(DOCUMENT_TYPES, { error: `must be one of ${DOCUMENT_TYPES.join(', ')}` }),
  url: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .max(2_000, 'must have at most 2000 characters'),
  contentType: text(100).optional(),
  metadata: z.strictObject({ fileName: text(255).optional(), uploadedBy: text(255).optional() }).optional(),
});

export type PaymentDocument = z.infer<typeof document>;

const create = z.strictObject({
  type: z.literal('payment.create'),
  payment: createPaymentBody,
  then,
  notAfter,
});
const authorize = z.strictObject({
  type: z.literal('payment.authorize'),
  payment: paymentReference,
  notAfter,
});
const capture = z.strictObject({ type: z.literal('payment.capture'), payment: paymentReference, notAfter });
const createAttempt = z.strictObject({
  type: z.literal('payment-attempt.create'),
  payment: createPaymentBody,
  notAfter,
});
const submitDocument = z.strictObject({
  type: z.literal('payment.submit-document'),
  payment: paymentReference,
  document,
  notAfter,
});

/** Each command by the name that a reader of the reference or a generated client sees. */
export const COMMAND_SCHEMAS = {
  CreatePaymentCommand: create,
  AuthorizeCommand: authorize,
  CaptureCommand: capture,
  RefundCommand: refund,
  CreateAttemptCommand: createAttempt,
  SubmitDocumentCommand: submitDocument,
} as const;

/** What a caller asks for; immutable once accepted. */
export const paymentCommand = z.discriminatedUnion(
  'type',
  [create, authorize, capture, refund, createAttempt, submitDocument],
  { error: `must be one of ${COMMAND_TYPES.join(', ')}` },
);

export type PaymentCommand = z.infer<typeof paymentCommand>;

/** The steps a command is carried out in, in order. */
export function planSteps(command: PaymentCommand): readonly Operation[] {
  switch (command.type) {
    case 'payment.create':
      return ['create', ...(command.then ?? [])];
    case 'payment.authorize':
      return ['authorize'];
    case 'payment.capture':
      return ['capture'];
    case 'payment.refund':
      return ['refund'];
    case 'payment-attempt.create':
      return ['create_attempt'];
    case 'payment.submit-document':
      return ['submit_document'];
  }
}

/**
 * Documents have an order of their own beside the payment's steps: a capture that is held by a review stays at work until
 * the review ends, and the review may end only by a document.
 */
export function isDocument(type: CommandType): boolean {
  return type === 'payment.submit-document';
}
