import { ANY_KEY, type Listener } from '@capstan/shared/db/announcements';
import { type EventsEnd, placeEvents, selectEvents } from '@capstan/shared/db/events';
import type { Pool } from '@capstan/shared/db/pool';
import { shareLook, waitForAnnouncement } from '@capstan/shared/db/wait-for-announcement';
import { toToldEvent } from '@capstan/shared/domain/told-event';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { LongPoll } from '../long-poll.ts';
import { limitFilter } from '../page.ts';
import { RefusedError } from '../problem.ts';
import { readQuery, waitFilter } from '../read-query.ts';

const afterMessage = 'must be a position: a whole number from 0 up';
const LIMIT_DEFAULT = 100;

export const eventsQuery = z.strictObject({
  after: z
    .string(afterMessage)
    .regex(/^\d{1,15}$/, afterMessage)
    .transform(Number)
    .default(0)
    .meta({
      type: 'integer',
      minimum: 0,
      description: 'The `next` of the answer before; 0 for the beginning.',
    }),
  wait: waitFilter,
  limit: limitFilter(LIMIT_DEFAULT),
});

/** What happened, in order: upstream goes on from `next` and misses nothing. */
export function addEventRoutes(
  app: FastifyInstance,
  { pool, progress, longPoll }: { pool: Pool; progress: Listener; longPoll: LongPoll },
): void {
  const newest = shareLook(() => placeEvents(pool));
  app.get('/events', { config: { scope: 'read' } }, async (request, reply) => {
    const { after, wait, limit } = readQuery(eventsQuery, request.query);
    // Whatever is announced wakes all who wait: one read for all of them tells who has something to read.
    const look = async () => {
      const end = await newest();
      if (after > end.newest) throw positionUnknown(after, end);
      return { stream: end.stream, events: end.newest > after ? await selectEvents(pool, after, limit) : [] };
    };
    const { stream, events } = await longPoll(reply, (signal) =>
      waitForAnnouncement({
        listener: progress,
        key: ANY_KEY,
        waitMs: wait * 1_000,
        signal,
        look,
        isDone: (found) => found.events.length > 0,
      }),
    );
    return { events: events.map(toToldEvent), next: events.at(-1)?.position ?? after, stream };
  });
}

/** No event was ever told at that place: the database was restored to before it, or the caller reads another one. */
function positionUnknown(after: number, { newest, stream }: EventsEnd): RefusedError {
  return new RefusedError({
    code: 'position_unknown',
    detail: `No event has come to position ${after}: the newest of the stream ${stream} is ${newest}. Compare the stream with the one you read before.`,
  });
}
