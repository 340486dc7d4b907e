/** What the reference tells of a route, and the schemas of what callers send. */
import { createPaymentBody } from '@capstan/shared/domain/create-payment-body';
import { idempotencyKey } from '@capstan/shared/domain/idempotency-key';
import { COMMAND_SCHEMAS, paymentCommand } from '@capstan/shared/domain/payment-command';
import { RAIL_NODES } from '@capstan/shared/domain/payment-node';
import type { ProblemCode } from '@capstan/shared/domain/request-problems';
import { z } from 'zod';
import type { Scope } from '../api-keys.ts';
import { resolveBody } from '../routes/discrepancies.ts';
import { pauseBody } from '../routes/pauses.ts';
import { cancelBody, concludeBody, redriveBody } from '../routes/post-command-actions.ts';
import { enableBody } from '../routes/push-endpoint.ts';
import type { AnswerName } from './answer-schemas.ts';
import type { Examples } from './examples.ts';

/** What belongs together, in the order of the page. */
export const TAGS = {
  Commands: 'Hand in what is to be done at Conomy, and follow it.',
  Payments: 'The mirror of every payment, and how it came about.',
  Events: 'What happened, in order: pulled with a position, or pushed.',
  Discovery: 'What Conomy offers: products, rails and banks, as it told them last.',
  Webhooks: "Where Conomy's own messages arrive.",
  Operation: 'For those who run Capstan: what is parked, paused, due or in disagreement.',
} as const;

export interface ReferenceOperation {
  method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it. */
  path: string;
  id: string;
  tag: keyof typeof TAGS;
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

const { CreatePaymentCommand, AuthorizeCommand, CaptureCommand, RefundCommand } = COMMAND_SCHEMAS;
const { CreateAttemptCommand, SubmitDocumentCommand } = COMMAND_SCHEMAS;
const key = { idempotencyKey };

/** The commands of a batch bring their key with them. */
const BATCHED_SCHEMAS = {
  BatchedCreatePaymentCommand: CreatePaymentCommand.safeExtend(key),
  BatchedAuthorizeCommand: AuthorizeCommand.safeExtend(key),
  BatchedCaptureCommand: CaptureCommand.safeExtend(key),
  BatchedRefundCommand: RefundCommand.safeExtend(key),
  BatchedCreateAttemptCommand: CreateAttemptCommand.safeExtend(key),
  BatchedSubmitDocumentCommand: SubmitDocumentCommand.safeExtend(key),
} as const;
const batchedCommand = z.discriminatedUnion('type', [
  BATCHED_SCHEMAS.BatchedCreatePaymentCommand,
  BATCHED_SCHEMAS.BatchedAuthorizeCommand,
  BATCHED_SCHEMAS.BatchedCaptureCommand,
  BATCHED_SCHEMAS.BatchedRefundCommand,
  BATCHED_SCHEMAS.BatchedCreateAttemptCommand,
  BATCHED_SCHEMAS.BatchedSubmitDocumentCommand,
]);

/** What callers send, by the name under which the reference shows each. */
export const REQUEST_SCHEMAS = {
  PaymentCommand: paymentCommand,
  ...COMMAND_SCHEMAS,
  CreatePayment: createPaymentBody,
  ...named('Origin', RAIL_NODES.in),
  ...named('Destination', RAIL_NODES.out),
  CommandBatch: z.strictObject({ commands: z.array(batchedCommand).min(1).max(1_000) }),
  BatchedCommand: batchedCommand,
  ...BATCHED_SCHEMAS,
  CancelRequest: cancelBody,
  RedriveRequest: redriveBody,
  ConcludeRequest: concludeBody,
  PauseRequest: pauseBody,
  ResolveRequest: resolveBody,
  EnablePushesRequest: enableBody,
  Delivery: z.looseObject({}).describe('A webhook of Conomy, in either of its two documented forms.'),
} as const satisfies Record<string, z.ZodType>;

export type RequestName = keyof typeof REQUEST_SCHEMAS;

/** The rails of one side by name, such as `PixOrigin`. */
function named(side: string, nodes: (typeof RAIL_NODES)['in']): Record<string, z.ZodType> {
  const nameOf = (rail: string) =>
    rail.toLowerCase().replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
  return Object.fromEntries([...nodes].map(([rail, node]) => [`${nameOf(rail)}${side}`, node]));
}

/** What every route that takes a body may refuse. */
export const CONTENT_PROBLEMS: readonly ProblemCode[] = [
  'validation_failed',
  'payload_too_large',
  'unsupported_media_type',
  'unavailable',
];

export const commandId = { id: 'The `command.id` of the 202 answer.' };
