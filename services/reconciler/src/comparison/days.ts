import type { Day } from '@capstan/shared/db/compared-days';

const DAY_MS = 86_400_000;

/** Every day from one to another, both inclusive. */
export function daysFrom(from: Day, to: Day): Day[] {
  const days: Day[] = [];
  for (let day = from; day <= to; day = dayAfter(day)) days.push(day);
  return days;
}

export function dayAfter(day: Day): Day {
  return toDay(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
}

export function dayBefore(day: Day): Day {
  return toDay(Date.parse(`${day}T00:00:00Z`) - DAY_MS);
}

/** The UTC day of an instant. */
export function dayOf(instant: string | undefined): Day | null {
  return instant === undefined ? null : toDay(Date.parse(instant));
}

export function toDay(ms: number): Day {
  return new Date(ms).toISOString().slice(0, 10);
}
