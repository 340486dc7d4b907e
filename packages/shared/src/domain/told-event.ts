import type { EventRow } from '../db/events.ts';

/** An event as upstream sees it; the same in every answer and every push, for ever. */
export function toToldEvent(event: EventRow) {
  return {
    id: `evt_${event.id}`,
    position: event.position,
    paymentKey: event.paymentKey,
    ...(event.conomyId === null ? {} : { paymentId: event.conomyId }),
    ...(event.externalId === null ? {} : { externalId: event.externalId }),
    ...(event.parentId === null ? {} : { parentId: event.parentId }),
    sequence: event.sequence,
    type: event.type,
    at: event.at,
    payment: { status: event.status, final: event.final },
    ...(event.command === null ? {} : { commandId: event.command.id, command: event.command }),
  };
}
