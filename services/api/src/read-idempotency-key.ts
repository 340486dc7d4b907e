import { idempotencyKey, readIdempotencyKeyHeader } from '@capstan/shared/domain/idempotency-key';
import { parseContent, toPointer } from '@capstan/shared/domain/problem';
import type { Refusal } from './problem.ts';

export type ReadKey = { ok: true; key: string } | { ok: false; refusal: Refusal };

/** The key of a request by its header, which is there once. `lines`: every line of that name. */
export function readKeyHeader(lines: readonly string[]): ReadKey {
  const [line = '', ...more] = lines;
  if (line === '' && more.length === 0) return { ok: false, refusal: missing('the header Idempotency-Key') };
  const key = more.length === 0 ? readIdempotencyKeyHeader(line) : null;
  if (key !== null) return { ok: true, key };
  const rule =
    'must be there once: 1 to 255 printable ASCII characters without white space, " and \\, either in double quotes or bare and without a comma';
  return { ok: false, refusal: malformed('the header Idempotency-Key', '', rule) };
}

/** The key as a member of a command; `path` says where it stands. */
export function readKeyMember(value: unknown, path: readonly PropertyKey[]): ReadKey {
  if (value === undefined || value === '') {
    const errors = [{ path: toPointer(path), message: 'is missing' }];
    return { ok: false, refusal: { ...missing('idempotencyKey'), errors } };
  }
  const parsed = parseContent(idempotencyKey, value, path);
  if (parsed.ok) return { ok: true, key: parsed.value };
  return {
    ok: false,
    refusal: malformed('idempotencyKey', toPointer(path), parsed.faults[0]?.message ?? 'is not valid'),
  };
}

function missing(where: string): Refusal {
  return {
    code: 'idempotency_key_missing',
    detail: `Choose a key for this command before the first try and send it as ${where}, the same at every repeat.`,
  };
}

function malformed(where: string, path: string, message: string): Refusal {
  return {
    code: 'idempotency_key_malformed',
    detail: `What stands in ${where} ${message}.`,
    errors: [{ path, message }],
  };
}
