import type { z } from 'zod';

/** A content fault: a JSON pointer into the body that was sent, and what is wrong there. */
export interface ContentFault {
  path: string;
  message: string;
}

export type ParsedContent<T> = { ok: true; value: T } | { ok: false; faults: ContentFault[] };

/** Parses what a caller sent; `base` is where it stands in the body, for the pointers of its faults. */
export function parseContent<T>(
  schema: z.ZodType<T>,
  content: unknown,
  base: readonly PropertyKey[] = [],
): ParsedContent<T> {
  const result = schema.safeParse(content, { reportInput: true });
  return result.success
    ? { ok: true, value: result.data }
    : { ok: false, faults: toContentFaults(result.error, base) };
}

/** Lists what zod found as JSON pointers; a field that does not belong is named itself, not its parent. */
function toContentFaults(error: z.ZodError, base: readonly PropertyKey[]): ContentFault[] {
  return error.issues.flatMap((issue) => faultsOf(issue, base));
}

function faultsOf(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): ContentFault[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: toPointer([...path, key]),
      message: 'is not a field that belongs here',
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && !issue.message) {
    return issue.errors.flat().flatMap((inner) => faultsOf(inner, path));
  }
  return [{ path: toPointer(path), message: explain(issue) }];
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  return issue.message;
}

/** `['payment', 'origins', 0]` → `/payment/origins/0` (RFC 6901). */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
