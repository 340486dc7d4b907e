import type { AttemptRow } from '@capstan/shared/db/attempts';
import type { CommandRow } from '@capstan/shared/db/commands';
import type { ConclusionRow } from '@capstan/shared/db/conclusions';
import type { DeliveryRow } from '@capstan/shared/db/deliveries';
import type { DiscrepancyRow } from '@capstan/shared/db/discrepancies';
import type { PaymentEvent } from '@capstan/shared/db/events';
import type { RedriveRow } from '@capstan/shared/db/interventions';
import type { JournalRow } from '@capstan/shared/db/journal';
import { toAttemptAnswer } from './command-answer.ts';

/** One thing that happened to a payment, at the time it began. */
export type TimelineEntry = { at: Date; kind: EntryKind } & Record<string, unknown>;
export type EntryKind =
  | 'command'
  | 'attempt'
  | 'delivery'
  | 'move'
  | 'redrive'
  | 'conclusion'
  | 'discrepancy'
  | 'notification';

/** Everything that happened to a payment in one list, oldest first. */
export function toTimeline(history: {
  commands: readonly CommandRow[];
  attempts: readonly AttemptRow[];
  deliveries: readonly DeliveryRow[];
  moves: readonly JournalRow[];
  redrives: readonly RedriveRow[];
  conclusions: readonly ConclusionRow[];
  discrepancies: readonly DiscrepancyRow[];
  events: readonly PaymentEvent[];
  /** Up to which event upstream has taken pushes; null when none are pushed. */
  pushedUpTo: number | null;
  /** When each entry began, in microseconds, by its name. */
  order: ReadonlyMap<string, number>;
}): TimelineEntry[] {
  const entries = [
    ...history.commands.map(commandEntry),
    ...history.attempts.map(attemptEntry),
    ...history.deliveries.map(deliveryEntry),
    ...history.moves.map(moveEntry),
    ...history.redrives.map(redriveEntry),
    ...history.conclusions.map(conclusionEntry),
    ...history.discrepancies.map(discrepancyEntry),
    ...history.events.map((event) => notificationEntry(event, history.pushedUpTo)),
  ];
  // What is not in the order came after it was asked for.
  const beganUs = (entry: TimelineEntry) =>
    history.order.get(idOfEntry(entry)) ?? entry.at.getTime() * 1_000 + 999;
  return entries.sort((a, b) => beganUs(a) - beganUs(b));
}

function commandEntry({
  id,
  type,
  status,
  idempotencyKey,
  problem,
  acceptedAt,
  finishedAt,
}: CommandRow): TimelineEntry {
  return {
    at: acceptedAt,
    kind: 'command',
    id,
    type,
    status,
    idempotencyKey,
    finishedAt,
    ...(problem ? { problem } : {}),
  };
}

function attemptEntry(attempt: AttemptRow): TimelineEntry {
  const { startedAt, ...rest } = toAttemptAnswer(attempt);
  return { at: startedAt, kind: 'attempt', commandId: attempt.commandId, ...rest };
}

function deliveryEntry({
  id,
  event,
  status,
  receivedAt,
  timesReceived,
  result,
  appliedAt,
  failure,
}: DeliveryRow): TimelineEntry {
  const failed = failure === null ? {} : { failure };
  return { at: receivedAt, kind: 'delivery', id, event, status, timesReceived, result, appliedAt, ...failed };
}

function moveEntry({ at, version, fromStatus, toStatus, cause }: JournalRow): TimelineEntry {
  return { at, kind: 'move', version, from: fromStatus, to: toStatus, cause };
}

function redriveEntry({ id, at, commandId, redrivenBy, reason, problem }: RedriveRow): TimelineEntry {
  return { at, kind: 'redrive', id, commandId, redrivenBy, reason, problem };
}

function conclusionEntry({ by: concludedBy, ...row }: ConclusionRow): TimelineEntry {
  const { id, at, commandId, reason, outcome, problem, evidence } = row;
  return { at, kind: 'conclusion', id, commandId, concludedBy, reason, outcome, problem, evidence };
}

function discrepancyEntry(row: DiscrepancyRow): TimelineEntry {
  const { id, kind: what, status, openedAt, endedAt, endedBy, reason } = row;
  const ended = endedAt === null ? {} : { endedAt, endedBy, reason };
  return { at: openedAt, kind: 'discrepancy', id, what, status, ...ended };
}

function notificationEntry(
  { id, type, sequence, at }: PaymentEvent,
  pushedUpTo: number | null,
): TimelineEntry {
  const pushed = pushedUpTo === null ? {} : { pushed: sequence <= pushedUpTo };
  return { at, kind: 'notification', id: `evt_${id}`, type, sequence, ...pushed };
}

/** Names an entry within its payment's timeline, for ever. */
export function idOfEntry({ kind, id, commandId, operation, number, version }: TimelineEntry): string {
  switch (kind) {
    case 'move':
      return `move-${version}`;
    case 'attempt':
      return `attempt-${commandId}-${operation}-${number}`;
    default:
      return `${kind}-${id}`;
  }
}

/** What follows the named entry; everything when no entry is named, null when there is no such entry. */
export function afterEntry(
  timeline: readonly TimelineEntry[],
  id: string | null,
): readonly TimelineEntry[] | null {
  if (id === null) return timeline;
  const index = timeline.findIndex((entry) => idOfEntry(entry) === id);
  return index === -1 ? null : timeline.slice(index + 1);
}
