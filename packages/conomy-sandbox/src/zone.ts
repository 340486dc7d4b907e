import { Reply } from './operations/reply.ts';

/** How instants leave: with the offset of the provider's zone, or as its wall clock shows them, without one. */
export const INSTANT_FORMS = ['offset', 'bare'] as const;

/** The provider's clock. */
export interface ClockSettings {
  /** `±hh:mm`: the zone in which its days begin and its instants are written. */
  utcOffset: string;
  instants: (typeof INSTANT_FORMS)[number];
  /** How far it is ahead of the system's, behind when below 0. */
  aheadMs: number;
}

const UTC = '+00:00';
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export function offsetMs({ utcOffset }: ClockSettings): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(utcOffset) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** An answer or event with every instant in it, at any depth, as the provider's zone writes it. */
export function inZone<T>(told: T, clock: ClockSettings): T {
  if (clock.utcOffset === UTC && clock.instants === 'offset') return told;
  return rewrite(told, clock) as T;
}

function rewrite(told: unknown, clock: ClockSettings): unknown {
  if (typeof told === 'string') return INSTANT.test(told) ? local(told, clock) : told;
  if (told instanceof Reply) return new Reply(told.status, rewrite(told.body, clock));
  if (Array.isArray(told)) return told.map((each) => rewrite(each, clock));
  if (typeof told !== 'object' || told === null) return told;
  return Object.fromEntries(Object.entries(told).map(([name, value]) => [name, rewrite(value, clock)]));
}

/** What looks like an instant and is none stays as it was told. */
function local(instant: string, clock: ClockSettings): string {
  const atMs = Date.parse(instant);
  if (Number.isNaN(atMs)) return instant;
  const wall = new Date(atMs + offsetMs(clock)).toISOString().slice(0, -1);
  return clock.instants === 'bare' ? wall : `${wall}${clock.utcOffset}`;
}
