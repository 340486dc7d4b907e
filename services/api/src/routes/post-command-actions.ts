import { CONCLUDED_OUTCOMES } from '@capstan/shared/domain/conclude';
import { conomyId } from '@capstan/shared/domain/conomy-id';
import { parseContent } from '@capstan/shared/domain/problem';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type CommandAnswer, toCommandAnswer } from '../answers/command-answer.ts';
import { cancelCommand, type InterventionResult } from '../cancel-command.ts';
import { findCommandView } from '../command-view.ts';
import { concludeCommand } from '../conclude-command.ts';
import { type ConcludeContext, NOT_OURS_MAX } from '../conclusion.ts';
import { invalidContent, RefusedError, unknownCommand } from '../problem.ts';
import { readQuery } from '../read-query.ts';
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

const outcomeMessage = `must be one of ${CONCLUDED_OUTCOMES.join(', ')}`;
export const concludeBody = z
  .strictObject({
    outcome: z
      .enum(CONCLUDED_OUTCOMES, outcomeMessage)
      .describe('What became of the call. Which are offered depends on what the command is parked with.'),
    paymentId: conomyId
      .optional()
      .describe('Of `made` and `choose`: the payment at Conomy, of a refund its child.'),
    notOurs: z
      .array(conomyId)
      .max(NOT_OURS_MAX, `must have at most ${NOT_OURS_MAX} ids`)
      .optional()
      .describe('Of `not_made`: what Conomy confirmed to be of somebody else. Never taken for this command.'),
    reason,
  })
  .superRefine(({ outcome, paymentId, notOurs }, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const names = outcome === 'made' || outcome === 'choose';
    if (names && paymentId === undefined) fault('paymentId', `must be there with ${outcome}`);
    if (!names && paymentId !== undefined) fault('paymentId', `does not belong to ${outcome}`);
    if (notOurs !== undefined && outcome !== 'not_made') fault('notOurs', `does not belong to ${outcome}`);
  });

export const previewQuery = z.strictObject({
  preview: z
    .enum(['true', 'false'], 'must be true or false')
    .optional()
    .meta({ type: 'boolean', description: '`true`: tells what would be read and sent, and does nothing.' }),
});

const params = z.object({ id: z.guid() });

/** What a caller or an operator may do with a command that was accepted. */
export function addCommandActionRoutes(app: FastifyInstance, deps: ConcludeContext): void {
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

  app.post(
    '/commands/:id/conclude',
    { bodyLimit: BODY_BYTES_MAX, config: { scope: 'operate' } },
    async (request) => {
      const commandId = readId(request.params);
      const isPreview = readQuery(previewQuery, request.query).preview === 'true';
      const { notOurs = [], ...body } = readBody(concludeBody, request.body);
      const { preview, reads, ...result } = await concludeCommand(deps, {
        commandId,
        by: request.apiKeyName,
        ...body,
        notOurs,
        isPreview,
      });
      if (isPreview) return { preview };
      void deps.reads.offer(reads);
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
  { pool, progress, commands }: ConcludeContext,
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
