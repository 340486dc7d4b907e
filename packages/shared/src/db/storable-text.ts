/**
 * PostgreSQL holds every character but NUL, and JSON from outside may contain it. It becomes U+FFFD: what is
 * lost is a character nobody can mean, and not the fact it came with.
 */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/**
 * JSON text of a value for a `jsonb` column, which refuses an escaped NUL like a plain one, and half of a surrogate
 * pair. `JSON.stringify` writes whole pairs as they are, so every escaped surrogate it leaves is half of one.
 */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g,
    '\\ufffd',
  );
}
