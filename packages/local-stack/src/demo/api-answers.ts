import { z } from 'zod';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** A problem document, or the problem of a command. */
const problem = z.object({
  code: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  provider: z
    .object({ status: z.number().optional(), code: z.string().optional(), type: z.string().optional() })
    .optional(),
});

const command = z.object({
  id: z.string(),
  status: z.string(),
  payment: z.object({
    key: z.string(),
    id: z.string().optional(),
    rail: z.object({ url: z.string().optional() }).optional(),
  }),
  problem: problem.optional(),
  acceptedAt: instant,
  finishedAt: instant.optional(),
});

const payment = z.object({
  key: z.string(),
  /** Conomy's; null until known. */
  id: z.string().nullish(),
  externalId: z.string().optional(),
  status: z.string().nullish(),
  totalAmount: z.string().optional(),
  currency: z.string().optional(),
  /** Of a refund: Conomy's id of the payment it gives back. */
  parentPaymentId: z.string().optional(),
  mirror: z.object({ updatedAt: instant, final: z.boolean() }),
});

/** The parts of the API's answers that the demo looks at; instants as epoch milliseconds. */
export const commandAnswer = z.object({ command });
export const paymentAnswer = z.object({ payment });
export const paymentList = z.object({ payments: z.array(payment), next: z.string().nullable() });
export const batchAnswer = z.object({
  results: z.array(
    z.object({ status: z.number(), command: command.optional(), problem: problem.optional() }),
  ),
});
export const problemAnswer = problem;

export type Problem = z.infer<typeof problem>;
export type CommandView = z.infer<typeof command>;
export type PaymentView = z.infer<typeof payment>;
