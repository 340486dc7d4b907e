import type { Announcer } from '@capstan/shared/db/announcements';
import type { Pool } from '@capstan/shared/db/pool';
import { parseContent } from '@capstan/shared/domain/problem';
import type { QueueSender } from '@capstan/shared/queue/sender';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type CommandAnswer, toCommandAnswer } from '../answers/command-answer.ts';
import { cancelCommand, type InterventionResult } from '../cancel-command.ts';
import { findCommandView } from '../command-view.ts';
import { invalidContent, RefusedError, unknownCommand } from '../problem.ts';
import { redriveCommand } from '../redrive-command.ts';

const BODY_BYTES_MAX = 256 * 1024;
const REASON_LENGTH_MAX = 500;
/** Why a person does something, for those who look later. */
export const reason = z
  .string('must be a text')
  .min(1, 'must not be empty')
  .max(REASON_LENGTH_MAX, `must have at most ${REASON_LENGTH_MAX} characters`);

export const cancelBody = z.strictObject({ reason: reason.optional() });
export const redriveBody = z.strictObject({ reason });

const params = z.object({ id: z.guid() });

export interface CommandActionDeps {
  pool: Pool;
  progress: Announcer;
  commands: QueueSender<'commands'>;
}

/** What a caller or an operator may do with a command that was accepted. */
export function addCommandActionRoutes(app: FastifyInstance, deps: CommandActionDeps): void {
  app.post(
    '/commands/:id/cancel',
    { bodyLimit: BODY_BYTES_MAX, config: { scope: 'enqueue' } },
    async (request) => {
      const commandId = readId(request.params);
      // A reason is optional, so a body is too.
      const body = readBody(cancelBody, request.body ?? {});
      const result = await cancelCommand(deps.pool, { commandId, by: request.apiKeyName, ...body });
      return { command: await publish(deps, commandId, result) };
    },
  );

  app.post(
    '/commands/:id/redrive',
    { bodyLimit: BODY_BYTES_MAX, config: { scope: 'operate' } },
    async (request) => {
      const commandId = readId(request.params);
      const body = readBody(redriveBody, request.body);
      const result = await redriveCommand(deps.pool, { commandId, by: request.apiKeyName, ...body });
      return { command: await publish(deps, commandId, result) };
    },
  );
}

function readId(requestParams: unknown): string {
  const parsed = params.safeParse(requestParams);
  if (!parsed.success) throw new RefusedError(unknownCommand);
  return parsed.data.id;
}

function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = parseContent(schema, body);
  if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
  return parsed.value;
}

/** After the commit: the jobs it made due, word to those who wait, and the command as it is now. */
async function publish(
  { pool, progress, commands }: CommandActionDeps,
  commandId: string,
  { paymentKey, commandJobs }: InterventionResult,
): Promise<CommandAnswer> {
  progress.announce(paymentKey);
  // Not waited for: the rows are committed, and the relay covers a queue that is down.
  void commands.offer(commandJobs);
  const view = await findCommandView(pool, commandId);
  if (view === null) throw new Error(`command ${commandId} vanished after it was changed`);
  return toCommandAnswer(view);
}
