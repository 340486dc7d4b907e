/** The mirror of a payment, and everything that happened to it, as the api answers with it. */
import { EVENT_TYPES } from '@capstan/shared/db/events';
import { CONCLUDED_OUTCOMES } from '@capstan/shared/domain/conclude';
import {
  DISCREPANCIES,
  DISCREPANCY_STATUSES,
  type DiscrepancyKind,
  type DiscrepancyStatus,
} from '@capstan/shared/domain/discrepancies';
import { COMMAND_TYPES } from '@capstan/shared/domain/payment-command';
import { z } from 'zod';
import { attemptFields, commandProblem, commandStatus } from './command-schemas.ts';
import { count, instant, uuid } from './plain-schemas.ts';

export const payment = z
  .looseObject({
    key: uuid,
    id: z.string().nullable().describe("Conomy's id; null until known."),
    externalId: z.string().optional(),
    type: z.string().optional(),
    status: z.string().nullable().describe('As Conomy sends it; only `SETTLED` is success.'),
    duplicateOf: uuid
      .optional()
      .describe('The key under which this Conomy payment is mirrored, where it is not this one.'),
    mirror: z.strictObject({
      version: count.describe('Rises by one with every change of status.'),
      cause: z.enum(['accepted', 'answer', 'delivery', 'read', 'operator']),
      updatedAt: instant,
      final: z.boolean(),
    }),
  })
  .describe(
    "The mirror of a payment: Conomy's own fields, amounts as decimal text, and what the mirror adds.",
  );

export const timelineCommand = z.strictObject({
  at: instant,
  kind: z.literal('command'),
  id: uuid,
  type: z.enum(COMMAND_TYPES),
  status: commandStatus,
  idempotencyKey: z.string(),
  finishedAt: instant.nullable(),
  problem: commandProblem.optional(),
});

export const timelineAttempt = z.strictObject({
  at: instant,
  kind: z.literal('attempt'),
  commandId: uuid,
  ...attemptFields,
});

export const timelineDelivery = z.strictObject({
  at: instant,
  kind: z.literal('delivery'),
  id: uuid,
  event: z.string(),
  status: z.string().nullable(),
  timesReceived: count,
  result: z.enum(['moved', 'read', 'duplicate', 'stale', 'ignored', 'unmatched', 'unreadable']).nullable(),
  appliedAt: instant.nullable(),
  failure: z.string().optional().describe('Why the last try to apply it failed.'),
});

export const timelineMove = z.strictObject({
  at: instant,
  kind: z.literal('move'),
  version: count,
  from: z.string().nullable(),
  to: z.string(),
  cause: z.string(),
});

export const timelineRedrive = z.strictObject({
  at: instant,
  kind: z.literal('redrive'),
  id: count,
  commandId: uuid,
  redrivenBy: z.string(),
  reason: z.string(),
  problem: commandProblem,
});

export const timelineConclusion = z.strictObject({
  at: instant,
  kind: z.literal('conclusion'),
  id: count,
  commandId: uuid,
  concludedBy: z.string(),
  reason: z.string(),
  outcome: z.enum(CONCLUDED_OUTCOMES),
  problem: commandProblem.describe('What it was parked or had ended with.'),
  evidence: z.looseObject({}).describe('Ids and statuses that were read for it.'),
});

export const timelineNotification = z.strictObject({
  at: instant,
  kind: z.literal('notification'),
  id: z.string(),
  type: z.enum(EVENT_TYPES),
  sequence: z.int().min(1),
  pushed: z.boolean().optional().describe('Missing where events of this payment are not pushed.'),
});

export const timelineDiscrepancy = z.strictObject({
  at: instant,
  kind: z.literal('discrepancy'),
  id: uuid,
  what: z.enum(Object.keys(DISCREPANCIES) as DiscrepancyKind[]),
  status: z.enum(Object.keys(DISCREPANCY_STATUSES) as DiscrepancyStatus[]),
  endedAt: instant.optional(),
  endedBy: z.string().optional(),
  reason: z.string().optional(),
});

/** What happened to a payment, by the name of each kind. */
export const TIMELINE_SCHEMAS = {
  TimelineCommand: timelineCommand,
  TimelineAttempt: timelineAttempt,
  TimelineDelivery: timelineDelivery,
  TimelineMove: timelineMove,
  TimelineRedrive: timelineRedrive,
  TimelineConclusion: timelineConclusion,
  TimelineNotification: timelineNotification,
  TimelineDiscrepancy: timelineDiscrepancy,
} as const;

export const timelineEntry = z
  .discriminatedUnion('kind', [
    timelineCommand,
    timelineAttempt,
    timelineDelivery,
    timelineMove,
    timelineRedrive,
    timelineConclusion,
    timelineNotification,
    timelineDiscrepancy,
  ])
  .describe('One thing that happened to a payment, at the time it began.');

export const event = z
  .strictObject({
    id: z.string().describe('Stays when the event is sent again.'),
    position: z.int().min(1).describe('Among all events, without a gap.'),
    paymentKey: uuid,
    paymentId: z.string().optional().describe("Conomy's id, when it was known."),
    externalId: z.string().optional(),
    parentId: z.string().optional().describe("Of a refund: Conomy's id of the payment it gives back from."),
    sequence: z.int().min(1).describe('Among the events of the payment, without a gap.'),
    type: z.enum(EVENT_TYPES),
    at: instant,
    payment: z.strictObject({ status: z.string().nullable(), final: z.boolean() }),
    commandId: uuid.optional().describe('Of the command that ended or was parked.'),
    command: z
      .strictObject({ id: uuid, type: z.enum(COMMAND_TYPES) })
      .optional()
      .describe('The one that ended or was parked.'),
  })
  .describe('A move of a mirror, or the end of a command, as it was when it happened.');

export const pushedEvent = z
  .strictObject({ type: z.enum(EVENT_TYPES), timestamp: instant, data: event })
  .describe('What is pushed, by the Standard Webhooks specification. Its bytes are the same at every try.');
