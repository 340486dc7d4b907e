import { z } from 'zod';

/** What the door tells a producer: the return value of the job, or the reason it failed. */
export type InboxVerdict =
  | { result: 'accepted'; commandId: string; replayed: boolean }
  | { result: 'refused'; code: string; detail: string };

const inboxVerdict = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('accepted'), commandId: z.string(), replayed: z.boolean() }),
  z.strictObject({ result: z.literal('refused'), code: z.string(), detail: z.string() }),
]);

/** The verdict that an earlier run noted as the job's progress before it could finish the job; null when none did. */
export function notedVerdict(progress: unknown): InboxVerdict | null {
  const parsed = inboxVerdict.safeParse(progress);
  return parsed.success ? parsed.data : null;
}
