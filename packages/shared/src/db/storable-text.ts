/**
 * PostgreSQL holds every character but NUL, and JSON from outside may contain it. It becomes U+FFFD: what is
 * lost is a character nobody can mean, and not the fact it came with.
 */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** JSON text of a value for a `jsonb` column, in which an escaped NUL is refused like a plain one. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/(?<=(?:^|[^\\])(?:\\\\)*)\\u0000/g, '\\ufffd');
}
