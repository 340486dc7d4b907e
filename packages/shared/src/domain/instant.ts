const SHAPE = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * The instant of an ISO 8601 text with an offset, in UTC and to the millisecond below: the form in which it goes to PostgreSQL,
 * which takes fewer offsets and seconds than the standards allow. Null for a day that no calendar has and for an instant
 * that is before the year 1 or after the year 9999 in UTC.
 */
export function toUtcInstant(text: string): string | null {
  const [, year, month, day] = SHAPE.exec(text) ?? [];
  const instant = new Date(text);
  if (day === undefined || Number.isNaN(instant.getTime())) return null;
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // A parser may take the 30th of February for a day of March.
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(day)) return null;
  const isWritable = instant.getUTCFullYear() >= 1 && instant.getUTCFullYear() <= 9999;
  return isWritable ? instant.toISOString() : null;
}
