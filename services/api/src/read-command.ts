import { paymentCommand } from '@capstan/shared/domain/payment-command';
import { parseContent, toPointer } from '@capstan/shared/domain/problem';
import type { AcceptanceItem } from './decide-acceptance.ts';
import { invalidContent, type Refusal } from './problem.ts';
import { type ReadKey, readKeyMember } from './read-idempotency-key.ts';

/** Of one command as JSON text; a batch may be larger as a whole. */
export const COMMAND_BYTES_MAX = 256 * 1024;

export type ReadItem = { ok: true; item: AcceptanceItem } | { ok: false; refusal: Refusal };

/**
 * Turns one command as it was sent into an item to accept.
 * @param base where the command stands in the body, for the pointers of its faults.
 */
export function readCommand(
  content: unknown,
  key: ReadKey,
  acceptedBy: string,
  base: readonly PropertyKey[] = [],
): ReadItem {
  if (!key.ok) return key;
  const parsed = parseContent(paymentCommand, content, base);
  if (!parsed.ok) return { ok: false, refusal: invalidContent(parsed.faults) };
  const { type } = parsed.value;
  const creates = type === 'payment.create' || type === 'payment-attempt.create';
  const createBody = creates ? textOfPayment(content) : null;
  return {
    ok: true,
    item: { idempotencyKey: key.key, command: parsed.value, createBody, acceptedBy },
  };
}

/** The payment as the caller wrote it, key order kept: parsing would put the keys into the schema's order. */
function textOfPayment(content: unknown): string {
  return JSON.stringify((content as { payment: unknown }).payment);
}

/** A command with its key beside it: an item of a batch, or the data of a job. */
export function readKeyedCommand(
  content: unknown,
  acceptedBy: string,
  base: readonly PropertyKey[] = [],
): ReadItem {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return { ok: false, refusal: invalidContent([{ path: toPointer(base), message: NOT_A_COMMAND }]) };
  const { idempotencyKey, ...command } = content as Record<string, unknown>;
  return readCommand(command, readKeyMember(idempotencyKey, [...base, 'idempotencyKey']), acceptedBy, base);
}

const NOT_A_COMMAND = 'must be an object: a command with its idempotencyKey';
