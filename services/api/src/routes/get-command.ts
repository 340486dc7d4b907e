import type { Listener } from '@capstan/shared/db/announcements';
import { listCommands } from '@capstan/shared/db/lists';
import type { Pool } from '@capstan/shared/db/pool';
import { waitForAnnouncement } from '@capstan/shared/db/wait-for-announcement';
import { COMMAND_STATUSES, type CommandStatus, isEnded } from '@capstan/shared/domain/command-status';
import { idempotencyKey } from '@capstan/shared/domain/idempotency-key';
import { COMMAND_TYPES } from '@capstan/shared/domain/payment-command';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { toReadCommandAnswer } from '../answers/command-answer.ts';
import { type CommandView, findCommandView, findCommandViews } from '../command-view.ts';
import type { LongPoll } from '../long-poll.ts';
import { cutPage, pageQuery, readCursor } from '../page.ts';
import { RefusedError, unknownCommand } from '../problem.ts';
import { externalIdFilter, readQuery, readWaitMs } from '../read-query.ts';

const params = z.object({ id: z.guid() });

const statuses = Object.keys(COMMAND_STATUSES) as CommandStatus[];
export const commandListQuery = z.strictObject({
  status: z.enum(statuses, `must be one of ${statuses.join(', ')}`).optional(),
  type: z.enum(COMMAND_TYPES, `must be one of ${COMMAND_TYPES.join(', ')}`).optional(),
  externalId: externalIdFilter.optional(),
  idempotencyKey: idempotencyKey.optional().describe('The bare key of the command.'),
  ...pageQuery(),
});
const commandPlace = z.int().min(0);

export function addGetCommandRoutes(
  app: FastifyInstance,
  { pool, progress, longPoll }: { pool: Pool; progress: Listener; longPoll: LongPoll },
): void {
  app.get('/commands', { config: { scope: 'read' } }, async (request) => {
    const { cursor, limit, ...filter } = readQuery(commandListQuery, request.query);
    const position = readCursor(commandPlace, cursor);
    const listed = await listCommands(pool, filter, { position, limit: limit + 1 });
    const { rows, next } = cutPage(listed, limit, (row) => row.position);
    const ids = rows.map(({ id }) => id);
    const views = await findCommandViews(pool, ids);
    return { commands: ids.map((id) => toReadCommandAnswer(views.get(id) ?? vanished(id))), next };
  });

  app.get('/commands/:id', { config: { scope: 'read' } }, async (request, reply) => {
    const waitMs = readWaitMs(request.query);
    const id = params.safeParse(request.params).data?.id;
    const look = async () => (id ? await findCommandView(pool, id) : null) ?? refuseUnknown();
    const view = await look();
    if (waitMs === 0 || hasComeToRest(view)) return { command: toReadCommandAnswer(view) };
    const { paymentKey } = view.command;
    const last = await longPoll(reply, (signal) =>
      waitForAnnouncement({
        listener: progress,
        key: paymentKey,
        waitMs,
        signal,
        look,
        isDone: hasComeToRest,
      }),
    );
    return { command: toReadCommandAnswer(last) };
  });
}

/** Ended, or parked: it will not go on without a person, so waiting longer is of no use. */
function hasComeToRest({ command: { status } }: CommandView): boolean {
  return isEnded(status) || status === 'parked';
}

function refuseUnknown(): never {
  throw new RefusedError(unknownCommand);
}

function vanished(id: string): never {
  throw new Error(`command ${id} vanished after it was listed`);
}
