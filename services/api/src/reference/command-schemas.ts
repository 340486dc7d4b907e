/** Commands and problems as the api answers with them. */
import { COMMAND_PROBLEMS, type CommandProblemCode } from '@capstan/shared/domain/command-problems';
import {
  COMMAND_STATUSES,
  type CommandStatus,
  WAITS_FOR,
  type WaitsFor,
} from '@capstan/shared/domain/command-status';
import { CONCLUDED_OUTCOMES } from '@capstan/shared/domain/conclude';
import { COMMAND_TYPES, OPERATIONS } from '@capstan/shared/domain/payment-command';
import { PROBLEMS, type ProblemCode } from '@capstan/shared/domain/request-problems';
import { z } from 'zod';
import { PAYER_FIELDS } from '../answers/rail.ts';
import { count, instant, uuid } from './plain-schemas.ts';

export const commandStatus = z
  .enum(Object.keys(COMMAND_STATUSES) as CommandStatus[])
  .describe('`succeeded`, `rejected` and `canceled` are ends; `parked` waits for a person.');

export const contentFault = z
  .strictObject({
    path: z.string().describe('JSON pointer into the body, or the parameter.'),
    message: z.string(),
  })
  .describe('One thing that is wrong with what was sent.');

export const differingField = z
  .strictObject({ field: z.string(), asked: z.string().nullable(), told: z.string().nullable() })
  .describe('What was asked for and what Conomy tells; null: it does not say.');

export const problem = z
  .strictObject({
    type: z.string().describe('`urn:capstan:problem:` and the code.'),
    title: z.string(),
    status: count,
    detail: z.string().describe('What is wrong here and what to do.'),
    code: z.enum(Object.keys(PROBLEMS) as ProblemCode[]),
    errors: z.array(contentFault).optional(),
    fields: z.array(differingField).optional().describe('Of `payment_differs`.'),
    ids: z
      .array(z.string())
      .optional()
      .describe('Of `effect_may_exist` and `another_was_captured`: ids of Conomy.'),
    notBefore: instant.optional().describe('Of `too_early` and `scan_running`.'),
    rows: count.optional().describe('Of `scan_running`: how many were read so far.'),
  })
  .describe('A problem document (RFC 9457). Decide by `code`; texts may change.');

export const providerAnswer = z
  .strictObject({
    status: count.optional(),
    code: z.string().optional(),
    type: z.string().optional(),
    traceId: z.string().optional(),
  })
  .describe('What Conomy answered; give its `traceId` when you ask Conomy.');

export const commandProblem = z
  .strictObject({
    code: z.enum(Object.keys(COMMAND_PROBLEMS) as CommandProblemCode[]),
    detail: z.string(),
    provider: providerAnswer.optional(),
  })
  .describe('Why a command was rejected, canceled or parked. The codes are in docs/errors.md.');

export const step = z.strictObject({
  operation: z.enum(OPERATIONS),
  status: z
    .enum(['pending', 'executing', 'unresolved', 'succeeded', 'rejected', 'parked', 'canceled', 'skipped'])
    .describe('`skipped`: no call was made and none will be.'),
  attempts: count,
});

export const attemptFields = {
  number: z.int().min(1),
  operation: z.enum(OPERATIONS),
  outcome: z
    .enum(['succeeded', 'rejected', 'retryable', 'unknown'])
    .nullable()
    .describe('Null while the call is under way; `unknown`: it may or may not have had its effect.'),
  finishedAt: instant.nullable(),
  reason: z.string().optional(),
  provider: providerAnswer.optional(),
  resolution: z
    .enum(['succeeded', 'rejected', 'retryable', 'parked', 'ruled_out'])
    .optional()
    .describe('How an unknown outcome was settled by reading; `ruled_out`: by a person.'),
  resolvedAt: instant.optional(),
};

export const attempt = z
  .strictObject({ ...attemptFields, startedAt: instant })
  .describe('One try at one call to Conomy.');

export const command = z
  .strictObject({
    id: uuid,
    type: z.enum(COMMAND_TYPES),
    status: commandStatus,
    waitsFor: z
      .enum(Object.keys(WAITS_FOR) as WaitsFor[])
      .optional()
      .describe('Why nothing happens at the moment.'),
    idempotencyKey: z.string(),
    payment: z.strictObject({
      key: uuid.describe('Our key of the payment, known from acceptance on.'),
      id: z.string().optional().describe("Conomy's id, once known."),
      externalId: z.string().optional(),
      status: z.string().optional(),
      final: z.boolean(),
      rail: z
        .strictObject(Object.fromEntries(PAYER_FIELDS.map((name) => [name, z.string().optional()])))
        .optional()
        .describe('What the payer needs to pay.'),
    }),
    refund: z
      .strictObject({
        paymentId: z.string().optional().describe("Conomy's id of the payment that gives back, once known."),
        amount: z.string(),
        currency: z.string(),
      })
      .optional()
      .describe('Of a refund.'),
    asked: z
      .strictObject({
        payment: z.looseObject({}).optional().describe("Of a create: Conomy's create body, as accepted."),
        reason: z.string().optional().describe('Of a refund.'),
        document: z.looseObject({}).optional(),
        notAfter: instant.optional(),
      })
      .optional()
      .describe('What the caller sent beside type and payment; only where a command is read.'),
    steps: z.array(step),
    attempts: z.array(attempt),
    problem: commandProblem.optional(),
    acceptedAt: instant,
    finishedAt: instant.optional(),
  })
  .describe(
    '`succeeded` means that Conomy took every step; whether the money is final is said by the payment.',
  );

export const batchResult = z
  .strictObject({ status: count, command: command.optional(), problem: problem.optional() })
  .describe('What `POST /v1/commands` would have answered for this item.');

export const conclusionPreview = z
  .strictObject({
    outcome: z.enum(CONCLUDED_OUTCOMES),
    read: z.array(z.strictObject({ id: z.string(), status: z.string() })).describe('What was read for it.'),
    status: commandStatus,
    steps: z.array(z.enum(OPERATIONS)).describe('Steps of it that then run.'),
    commands: z.array(uuid).describe('Commands behind it that then run.'),
    effectsAtMost: count.describe('Calls left of it and of those, each with one effect at most.'),
  })
  .describe('What the conclusion would do.');
