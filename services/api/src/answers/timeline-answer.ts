import type { AttemptRow } from '@capstan/shared/db/attempts';
import type { CommandRow } from '@capstan/shared/db/commands';
import type { DeliveryRow } from '@capstan/shared/db/deliveries';
import type { JournalRow } from '@capstan/shared/db/journal';
import { toAttemptAnswer } from './command-answer.ts';

/** One thing that happened to a payment, at the time it began. */
export type TimelineEntry = { at: Date; kind: 'command' | 'attempt' | 'delivery' | 'move' } & Record<
  string,
  unknown
>;

/** Everything that happened to a payment in one list, oldest first. */
export function toTimeline(history: {
  commands: readonly CommandRow[];
  attempts: readonly AttemptRow[];
  deliveries: readonly DeliveryRow[];
  moves: readonly JournalRow[];
}): TimelineEntry[] {
  const entries = [
    ...history.commands.map(commandEntry),
    ...history.attempts.map(attemptEntry),
    ...history.deliveries.map(deliveryEntry),
    ...history.moves.map(moveEntry),
  ];
  return entries.sort((a, b) => a.at.getTime() - b.at.getTime());
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
}: DeliveryRow): TimelineEntry {
  return { at: receivedAt, kind: 'delivery', id, event, status, timesReceived, result, appliedAt };
}

function moveEntry({ at, version, fromStatus, toStatus, cause }: JournalRow): TimelineEntry {
  return { at, kind: 'move', version, from: fromStatus, to: toStatus, cause };
}
