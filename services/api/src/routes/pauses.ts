import { randomUUID } from 'node:crypto';
import {
  insertPause,
  liftPause,
  listPauses,
  type PausePlace,
  type PauseRow,
} from '@capstan/shared/db/pauses';
import type { Pool } from '@capstan/shared/db/pool';
import { conomyId } from '@capstan/shared/domain/conomy-id';
import type { PauseScope } from '@capstan/shared/domain/pause-scope';
import { OPERATIONS } from '@capstan/shared/domain/payment-command';
import { parseContent } from '@capstan/shared/domain/problem';
import { releaseBatch } from '@capstan/shared/provider/gate/release-batch';
import type { Logger } from '@capstan/shared/telemetry/logger';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { findReferredPayment } from '../find-named-payment.ts';
import { cutPage, pageQuery, placeInstant, readCursor } from '../page.ts';
import { invalidContent, RefusedError, unknownPause } from '../problem.ts';
import { readQuery } from '../read-query.ts';
import { reason } from './post-command-actions.ts';

const BODY_BYTES_MAX = 256 * 1024;
const typeMessage = 'must be a command type such as payment.capture, or a payment type such as COLLECT';

const scope = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('all') }).describe('Every write.'),
    z
      .strictObject({
        kind: z.literal('operation'),
        value: z.enum(OPERATIONS, `must be one of ${OPERATIONS.join(', ')}`),
      })
      .describe('One operation at Conomy.'),
    z
      .strictObject({
        kind: z.literal('type'),
        value: z.string(typeMessage).regex(/^([a-z]+(-[a-z]+)*\.[a-z-]+|[A-Z][A-Z0-9_]{0,49})$/, typeMessage),
      })
      .describe("One type of command, or one of Conomy's payment types."),
    z
      .strictObject({ kind: z.literal('payment'), value: conomyId })
      .describe('One payment, by our key or its Conomy id.'),
  ],
  'must be an object with kind: all, operation, type or payment; all but the first with a value',
);

export const pauseBody = z.strictObject({ scope, reason });
export const pauseListQuery = z.strictObject(pageQuery());
const pausePlace: z.ZodType<PausePlace> = z.strictObject({
  pausedAt: placeInstant,
  id: z.guid(),
});
const params = z.object({ id: z.guid() });

/** Pauses: new writes of a scope are held back, durably and by all processes. */
export function addPauseRoutes(app: FastifyInstance, { pool, log }: { pool: Pool; log: Logger }): void {
  app.post('/pauses', { bodyLimit: BODY_BYTES_MAX, config: { scope: 'operate' } }, async (request, reply) => {
    const parsed = parseContent(pauseBody, request.body);
    if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
    const pause = await insertPause(pool, {
      id: randomUUID(),
      scope: await toOurKey(pool, parsed.value.scope),
      reason: parsed.value.reason,
      cause: 'operator',
      pausedBy: request.apiKeyName,
    });
    if (pause === null) throw new Error('the pause of an operator was not inserted');
    return reply.code(201).send({ pause: toPauseAnswer(pause) });
  });

  app.get('/pauses', { config: { scope: 'read' } }, async (request) => {
    const { cursor, limit } = readQuery(pauseListQuery, request.query);
    const listed = await listPauses(pool, { after: readCursor(pausePlace, cursor), limit: limit + 1 });
    const { rows, next } = cutPage(listed, limit, ({ place }) => place);
    return { pauses: rows.map(toPauseAnswer), next };
  });

  app.delete('/pauses/:id', { config: { scope: 'operate' } }, async (request) => {
    const id = params.safeParse(request.params).data?.id;
    const lifted = id === undefined ? null : await liftPause(pool, id, request.apiKeyName);
    if (lifted === null) throw new RefusedError(unknownPause);
    // So that a few are due at once. The others, and these should it fail, are released by the capturers and reconcilers.
    await releaseBatch(pool, log).catch((error: Error) =>
      log.warn({ event: 'commands.not_released', err: error }, 'a batch of commands was not released'),
    );
    return { pause: toPauseAnswer(lifted) };
  });
}

/** Callers may name a payment by its Conomy id; a pause holds our key, which the payment has from the start. */
async function toOurKey(pool: Pool, scopeSent: PauseScope): Promise<PauseScope> {
  if (scopeSent.kind !== 'payment') return scopeSent;
  const { key } = await findReferredPayment(pool, scopeSent.value);
  return { kind: 'payment', value: key };
}

function toPauseAnswer({
  id,
  scope: covers,
  reason: why,
  cause,
  pausedBy,
  pausedAt,
  liftedBy,
  liftedAt,
}: PauseRow) {
  const lifted = liftedAt === null ? {} : { liftedBy, liftedAt };
  return { id, scope: covers, reason: why, cause, pausedBy, pausedAt, ...lifted };
}
