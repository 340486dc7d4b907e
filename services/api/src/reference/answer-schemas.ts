/**
 * What the api answers, as the reference describes it. Answers are not parsed with these; a test holds them against
 * real answers, field by field.
 */
import { EVENT_TYPES } from '@capstan/shared/db/events';
import { COMMAND_PROBLEMS, type CommandProblemCode } from '@capstan/shared/domain/command-problems';
import {
  COMMAND_STATUSES,
  type CommandStatus,
  WAITS_FOR,
  type WaitsFor,
} from '@capstan/shared/domain/command-status';
import { CONCLUDED_OUTCOMES } from '@capstan/shared/domain/conclude';
import {
  DISCREPANCIES,
  DISCREPANCY_STATUSES,
  type DiscrepancyKind,
  type DiscrepancyStatus,
} from '@capstan/shared/domain/discrepancies';
import { COMMAND_TYPES, OPERATIONS } from '@capstan/shared/domain/payment-command';
import { PROBLEMS, type ProblemCode } from '@capstan/shared/domain/request-problems';
import { z } from 'zod';
import { PAYER_FIELDS } from '../answers/rail.ts';

const count = z.int().min(0);
const instant = z.string().meta({ format: 'date-time', description: 'RFC 3339, in UTC.' });
const uuid = z.string().meta({ format: 'uuid' });
const commandStatus = z
  .enum(Object.keys(COMMAND_STATUSES) as CommandStatus[])
  .describe('`succeeded`, `rejected` and `canceled` are ends; `parked` waits for a person.');

const contentFault = z
  .strictObject({
    path: z.string().describe('JSON pointer into the body, or the parameter.'),
    message: z.string(),
  })
  .describe('One thing that is wrong with what was sent.');

const differingField = z
  .strictObject({ field: z.string(), asked: z.string().nullable(), told: z.string().nullable() })
  .describe('What was asked for and what Conomy tells; null: it does not say.');

const problem = z
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

const providerAnswer = z
  .strictObject({
    status: count.optional(),
    code: z.string().optional(),
    type: z.string().optional(),
    traceId: z.string().optional(),
  })
  .describe('What Conomy answered; give its `traceId` when you ask Conomy.');

const commandProblem = z
  .strictObject({
    code: z.enum(Object.keys(COMMAND_PROBLEMS) as CommandProblemCode[]),
    detail: z.string(),
    provider: providerAnswer.optional(),
  })
  .describe('Why a command was rejected, canceled or parked. The codes are in docs/errors.md.');

const step = z.strictObject({
  operation: z.enum(OPERATIONS),
  status: z
    .enum(['pending', 'executing', 'unresolved', 'succeeded', 'rejected', 'parked', 'canceled', 'skipped'])
    .describe('`skipped`: no call was made and none will be.'),
  attempts: count,
});

const attemptFields = {
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

const attempt = z
  .strictObject({ ...attemptFields, startedAt: instant })
  .describe('One try at one call to Conomy.');

const command = z
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

const payment = z
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

const timelineCommand = z.strictObject({
  at: instant,
  kind: z.literal('command'),
  id: uuid,
  type: z.enum(COMMAND_TYPES),
  status: commandStatus,
  idempotencyKey: z.string(),
  finishedAt: instant.nullable(),
  problem: commandProblem.optional(),
});

const timelineAttempt = z.strictObject({
  at: instant,
  kind: z.literal('attempt'),
  commandId: uuid,
  ...attemptFields,
});

const timelineDelivery = z.strictObject({
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

const timelineMove = z.strictObject({
  at: instant,
  kind: z.literal('move'),
  version: count,
  from: z.string().nullable(),
  to: z.string(),
  cause: z.string(),
});

const timelineRedrive = z.strictObject({
  at: instant,
  kind: z.literal('redrive'),
  id: count,
  commandId: uuid,
  redrivenBy: z.string(),
  reason: z.string(),
  problem: commandProblem,
});

const timelineConclusion = z.strictObject({
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

const timelineNotification = z.strictObject({
  at: instant,
  kind: z.literal('notification'),
  id: z.string(),
  type: z.enum(EVENT_TYPES),
  sequence: z.int().min(1),
  pushed: z.boolean().optional().describe('Missing where events of this payment are not pushed.'),
});

const timelineDiscrepancy = z.strictObject({
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
const TIMELINE_SCHEMAS = {
  TimelineCommand: timelineCommand,
  TimelineAttempt: timelineAttempt,
  TimelineDelivery: timelineDelivery,
  TimelineMove: timelineMove,
  TimelineRedrive: timelineRedrive,
  TimelineConclusion: timelineConclusion,
  TimelineNotification: timelineNotification,
  TimelineDiscrepancy: timelineDiscrepancy,
} as const;

const timelineEntry = z
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

const pause = z
  .strictObject({
    id: uuid,
    scope: z.strictObject({
      kind: z.enum(['all', 'operation', 'type', 'payment']),
      value: z.string().optional().describe('Of a payment: our key.'),
    }),
    reason: z.string(),
    cause: z
      .enum(['operator', 'credentials_refused', 'forbidden'])
      .describe('`operator`: a person wanted it; else what made Capstan pause by itself.'),
    pausedBy: z.string().describe('Name of the API key, or `capstan`.'),
    pausedAt: instant,
    liftedBy: z.string().optional(),
    liftedAt: instant.optional(),
  })
  .describe('While it is in force no new write of its scope is begun.');

const side = z
  .strictObject({ value: z.record(z.string(), z.unknown()), readAt: instant })
  .describe("What this side said, under Conomy's field names, and when it was read.");

const discrepancy = z
  .strictObject({
    id: uuid,
    kind: z.enum(Object.keys(DISCREPANCIES) as DiscrepancyKind[]),
    status: z.enum(Object.keys(DISCREPANCY_STATUSES) as DiscrepancyStatus[]),
    paymentKey: uuid.optional().describe('Missing while the payment is not mirrored.'),
    paymentId: z.string().optional(),
    field: z.string().optional(),
    mirror: side,
    provider: side,
    cause: z.string(),
    openedAt: instant,
    seenAt: instant.describe('When it was last found.'),
    timesSeen: count,
    ageSeconds: count.describe('From being found to its end, or until now.'),
    endedAt: instant.optional(),
    endedBy: z.string().optional().describe('Name of the API key, or `capstan`.'),
    reason: z.string().optional(),
  })
  .describe('A disagreement between the mirror and Conomy. The kinds are in docs/discrepancies.md.');

const pushEndpoint = z
  .strictObject({
    url: z.string(),
    failingSince: instant.nullable().describe('Since when nothing was taken; null while pushes arrive.'),
    disabledAt: instant.nullable(),
    disabledReason: z.string().nullable(),
  })
  .describe('Where events are pushed.');

const event = z
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

const pushedEvent = z
  .strictObject({ type: z.enum(EVENT_TYPES), timestamp: instant, data: event })
  .describe('What is pushed, by the Standard Webhooks specification. Its bytes are the same at every try.');

const next = z.string().nullable().describe('Send it as `cursor` for the following page; null at the end.');

const batchResult = z
  .strictObject({ status: count, command: command.optional(), problem: problem.optional() })
  .describe('What `POST /v1/commands` would have answered for this item.');

const availableProduct = z.strictObject({
  currency: z.string(),
  product: z.string(),
  direction: z.enum(['payin', 'payout']),
  rail: z.string(),
  requiredFields: z.array(z.string()),
  validOrigins: z.array(z.string()).optional(),
  validDestinations: z.array(z.string()).optional(),
  minAmount: z.string().optional(),
  maxAmount: z.string().optional(),
});

const bank = z.strictObject({ code: z.string(), name: z.string(), countryCode: z.string().optional() });
const asOf = instant.describe('When Conomy told it.');

const upOrDown = z.enum(['up', 'down']);
const readiness = z.strictObject({
  status: z.enum(['ready', 'degraded', 'not_ready']),
  checks: z.strictObject({ database: upOrDown, queue: upOrDown }),
  reason: z.string().optional().describe('What to mend, where the checks alone do not say it.'),
});

const conclusionPreview = z
  .strictObject({
    outcome: z.enum(CONCLUDED_OUTCOMES),
    read: z.array(z.strictObject({ id: z.string(), status: z.string() })).describe('What was read for it.'),
    status: commandStatus,
    steps: z.array(z.enum(OPERATIONS)).describe('Steps of it that then run.'),
    commands: z.array(uuid).describe('Commands behind it that then run.'),
    effectsAtMost: count.describe('Calls left of it and of those, each with one effect at most.'),
  })
  .describe('What the conclusion would do.');

/** By the name under which the reference shows each. */
export const ANSWER_SCHEMAS = {
  Problem: problem,
  ContentFault: contentFault,
  CommandProblem: commandProblem,
  Attempt: attempt,
  Command: command,
  Payment: payment,
  TimelineEntry: timelineEntry,
  ...TIMELINE_SCHEMAS,
  ConclusionPreview: conclusionPreview,
  BatchResult: batchResult,
  ProviderAnswer: providerAnswer,
  Step: step,
  Product: availableProduct,
  Bank: bank,
  CommandAnswer: z.strictObject({ command }),
  ConclusionAnswer: z.union([z.strictObject({ command }), z.strictObject({ preview: conclusionPreview })]),
  CommandList: z.strictObject({ commands: z.array(command), next }),
  BatchAnswer: z.strictObject({ results: z.array(batchResult) }),
  PaymentAnswer: z.strictObject({ payment }),
  PaymentList: z.strictObject({ payments: z.array(payment), next }),
  Timeline: z.strictObject({ entries: z.array(timelineEntry), next }),
  Discrepancy: discrepancy,
  DiscrepancyAnswer: z.strictObject({ discrepancy }),
  DiscrepancyList: z.strictObject({ discrepancies: z.array(discrepancy), next }),
  Event: event,
  PushedEvent: pushedEvent,
  EventList: z.strictObject({
    events: z.array(event),
    next: count.describe('Send it as `after` to go on from here, also when there was no event.'),
    stream: z
      .string()
      .describe(
        'Keep it beside `next`: another one means that the database was restored and positions were given anew.',
      ),
  }),
  PushEndpoint: pushEndpoint,
  PushEndpointAnswer: z.strictObject({ endpoint: pushEndpoint.nullable() }),
  Pause: pause,
  PauseAnswer: z.strictObject({ pause }),
  PauseList: z.strictObject({ pauses: z.array(pause), next }),
  ProductsAnswer: z.strictObject({ products: z.array(availableProduct), asOf }),
  BanksAnswer: z.strictObject({ banks: z.array(bank), asOf }),
  Liveness: z.strictObject({ status: z.literal('alive') }),
  Readiness: readiness,
  Empty: z.strictObject({}),
} as const satisfies Record<string, z.ZodType>;

export type AnswerName = keyof typeof ANSWER_SCHEMAS;
