import type { Pool } from '@capstan/shared/db/pool';
import type { ProgressListener } from '@capstan/shared/db/progress';
import { isEnded } from '@capstan/shared/domain/command-status';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { toCommandAnswer } from '../answers/command-answer.ts';
import { type CommandView, findCommandView } from '../command-view.ts';
import type { LongPoll } from '../long-poll.ts';
import { RefusedError } from '../problem.ts';
import { readWaitMs } from '../read-query.ts';
import { waitForProgress } from '../wait-for-progress.ts';

const params = z.object({ id: z.guid() });

export function addGetCommandRoute(
  app: FastifyInstance,
  { pool, progress, longPoll }: { pool: Pool; progress: ProgressListener; longPoll: LongPoll },
): void {
  app.get('/commands/:id', { config: { scope: 'read' } }, async (request, reply) => {
    const waitMs = readWaitMs(request.query);
    const id = params.safeParse(request.params).data?.id;
    const look = async () => (id ? await findCommandView(pool, id) : null) ?? refuseUnknown();
    const view = await look();
    if (waitMs === 0 || hasComeToRest(view)) return { command: toCommandAnswer(view) };
    const { paymentKey } = view.command;
    const last = await longPoll(reply, (signal) =>
      waitForProgress({ progress, paymentKey, waitMs, signal, look, isDone: hasComeToRest }),
    );
    return { command: toCommandAnswer(last) };
  });
}

/** Ended, or parked: it will not go on without a person, so waiting longer is of no use. */
function hasComeToRest({ command: { status } }: CommandView): boolean {
  return isEnded(status) || status === 'parked';
}

function refuseUnknown(): never {
  throw new RefusedError({
    code: 'command_not_found',
    detail: 'No command has this id. It is the command.id of the 202 answer.',
  });
}
