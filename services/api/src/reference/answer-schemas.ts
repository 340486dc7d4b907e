/**
 * What the api answers, as the reference describes it. Answers are not parsed with these; a test holds them against
 * real answers, field by field.
 */
import {
  DISCREPANCIES,
  DISCREPANCY_STATUSES,
  type DiscrepancyKind,
  type DiscrepancyStatus,
} from '@capstan/shared/domain/discrepancies';
import { z } from 'zod';
import {
  attempt,
  batchResult,
  command,
  commandProblem,
  conclusionPreview,
  contentFault,
  problem,
  providerAnswer,
  step,
} from './command-schemas.ts';
import { event, payment, pushedEvent, TIMELINE_SCHEMAS, timelineEntry } from './payment-schemas.ts';
import { count, instant, uuid } from './plain-schemas.ts';

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

const next = z.string().nullable().describe('Send it as `cursor` for the following page; null at the end.');

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
