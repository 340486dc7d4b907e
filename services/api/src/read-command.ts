import { idempotencyKey, paymentCommand } from '@capstan/shared/domain/payment-command';
import { parseContent } from '@capstan/shared/domain/problem';
import type { AcceptanceItem } from './decide-acceptance.ts';
import { invalidContent, type Refusal } from './problem.ts';

/** Of one command as JSON text; a batch may be larger as a whole. */
export const COMMAND_BYTES_MAX = 256 * 1024;

export type ReadItem = { ok: true; item: AcceptanceItem } | { ok: false; refusal: Refusal };

/**
 * Turns one command as it was sent into an item to accept.
 * @param base where the command stands in the body, for the pointers of its faults.
 */
export function readCommand(
  content: unknown,
  key: unknown,
  acceptedBy: string,
  base: readonly PropertyKey[] = [],
): ReadItem {
  if (key === undefined || key === '') return { ok: false, refusal: keyMissing(base) };
  const parsedKey = parseContent(idempotencyKey, key, base.length === 0 ? [] : [...base, 'idempotencyKey']);
  if (!parsedKey.ok) {
    const faults = parsedKey.faults.map(({ path, message }) => ({
      path,
      message: `Idempotency-Key ${message}`,
    }));
    return { ok: false, refusal: invalidContent(faults) };
  }
  const parsed = parseContent(paymentCommand, content, base);
  if (!parsed.ok) return { ok: false, refusal: invalidContent(parsed.faults) };
  const { type } = parsed.value;
  const creates = type === 'payment.create' || type === 'payment-attempt.create';
  const createBody = creates ? textOfPayment(content) : null;
  return {
    ok: true,
    item: { idempotencyKey: parsedKey.value, command: parsed.value, createBody, acceptedBy },
  };
}

/** The payment as the caller wrote it, key order kept: parsing would put the keys into the schema's order. */
function textOfPayment(content: unknown): string {
  return JSON.stringify((content as { payment: unknown }).payment);
}

function keyMissing(base: readonly PropertyKey[]): Refusal {
  const where = base.length === 0 ? 'the header Idempotency-Key' : 'idempotencyKey';
  return {
    code: 'idempotency_key_missing',
    detail: `Choose a key for this command before the first try and send it as ${where}, the same at every repeat.`,
  };
}

/** An item of a batch: a command with its key beside it. */
export function readBatchItem(content: unknown, acceptedBy: string, base: readonly PropertyKey[]): ReadItem {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return readCommand(content, 'none', acceptedBy, base);
  }
  const { idempotencyKey: key, ...command } = content as Record<string, unknown>;
  return readCommand(command, key, acceptedBy, base);
}
