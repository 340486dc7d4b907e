import { idempotencyKey } from '@capstan/shared/domain/idempotency-key';
import { invalidContent, type Refusal } from '../problem.ts';
import { COMMAND_BYTES_MAX, type ReadItem, readKeyedCommand } from '../read-command.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Stored with each command that came through the queue door. */
const ACCEPTED_BY = 'queue-door';

/**
 * Reads a job's data by the rules of a request body. They have been parsed before they get here, so two things that
 * a body is refused for cannot be seen any more: a member that was there twice, and digits that a double dropped.
 */
export function readInboxJob(data: unknown): ReadItem {
  const bytes = Buffer.from(JSON.stringify(data ?? null));
  if (bytes.length > COMMAND_BYTES_MAX) return refuse(tooLarge(bytes.length));
  const parsed = parseStrictJson(bytes);
  return parsed.ok ? readKeyedCommand(parsed.value, ACCEPTED_BY) : refuse(invalidContent(parsed.faults));
}

/** What stays of a job's data once the door is done with it: the key alone, and nothing when that is not one. */
export function keptData(data: unknown): { idempotencyKey?: string } {
  const parsed = idempotencyKey.safeParse((data as { idempotencyKey?: unknown } | null)?.idempotencyKey);
  return parsed.success ? { idempotencyKey: parsed.data } : {};
}

function tooLarge(bytes: number): Refusal {
  return {
    code: 'payload_too_large',
    detail: `The job's data are ${bytes} bytes of JSON; a command may have ${COMMAND_BYTES_MAX}.`,
  };
}

function refuse(refusal: Refusal): ReadItem {
  return { ok: false, refusal };
}
