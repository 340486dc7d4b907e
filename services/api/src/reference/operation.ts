/** What the reference tells of a route, and the schemas of what callers send. */
import { createPaymentBody } from '@capstan/shared/domain/create-payment-body';
import { idempotencyKey, paymentCommand } from '@capstan/shared/domain/payment-command';
import type { ProblemCode } from '@capstan/shared/domain/request-problems';
import { z } from 'zod';
import type { Scope } from '../api-keys.ts';
import { resolveBody } from '../routes/discrepancies.ts';
import { pauseBody } from '../routes/pauses.ts';
import { cancelBody, concludeBody, redriveBody } from '../routes/post-command-actions.ts';
import { enableBody } from '../routes/push-endpoint.ts';
import type { AnswerName } from './answer-schemas.ts';
import type { Examples } from './examples.ts';

export const TAG_NAMES = ['Commands', 'Payments', 'Events', 'Discovery', 'Webhooks', 'Operation'] as const;

export interface ReferenceOperation {
  method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it. */
  path: string;
  id: string;
  tag: (typeof TAG_NAMES)[number];
  summary: string;
  description: string;
  /** Null when no API key is asked for. */
  scope: Scope | null;
  pathParameters?: Readonly<Record<string, string>>;
  query?: z.ZodObject;
  headers?: Readonly<Record<string, { description: string; required: boolean; schema: z.ZodType }>>;
  body?: { schema: RequestName; required: boolean; examples: Examples };
  answer: ReferenceAnswer & { headers?: Readonly<Record<string, string>> };
  /** An answer of another status that is no problem document. */
  otherwise?: ReferenceAnswer;
  /** Beside those that every operation with a key has. */
  problems: readonly ProblemCode[];
}

interface ReferenceAnswer {
  status: number;
  description: string;
  /** Null for plain text. */
  schema: AnswerName | null;
}

/** What callers send, by the name under which the reference shows each. */
export const REQUEST_SCHEMAS = {
  PaymentCommand: paymentCommand,
  CreatePayment: createPaymentBody,
  CommandBatch: z.strictObject({
    commands: z
      .array(z.intersection(paymentCommand, z.looseObject({ idempotencyKey })))
      .min(1)
      .max(1_000),
  }),
  Cancel: cancelBody,
  Redrive: redriveBody,
  Conclude: concludeBody,
  Pause: pauseBody,
  Resolve: resolveBody,
  EnablePushes: enableBody,
  Delivery: z.looseObject({}).describe('A webhook of Conomy, in either of its two documented forms.'),
} as const satisfies Record<string, z.ZodType>;

export type RequestName = keyof typeof REQUEST_SCHEMAS;

/** What every route that takes a body may refuse. */
export const CONTENT_PROBLEMS: readonly ProblemCode[] = [
  'validation_failed',
  'payload_too_large',
  'unsupported_media_type',
  'unavailable',
];

export const commandId = { id: 'The `command.id` of the 202 answer.' };
