import type { Pool } from '@capstan/shared/db/pool';
import { enableEndpoint, findEndpoint } from '@capstan/shared/db/pushes';
import { parseContent } from '@capstan/shared/domain/problem';
import type { Logger } from '@capstan/shared/telemetry/logger';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalidContent, RefusedError } from '../problem.ts';
import { reason } from './post-command-actions.ts';

const BODY_BYTES_MAX = 256 * 1024;
export const enableBody = z.strictObject({ reason });

/** Where events are pushed, and how an operator turns pushes on again. */
export function addPushEndpointRoutes(
  app: FastifyInstance,
  { pool, log }: { pool: Pool; log: Logger },
): void {
  app.get('/push-endpoint', { config: { scope: 'read' } }, async () => ({
    endpoint: await findEndpoint(pool),
  }));

  app.post(
    '/push-endpoint/enable',
    { bodyLimit: BODY_BYTES_MAX, config: { scope: 'operate' } },
    async (request) => {
      const parsed = parseContent(enableBody, request.body);
      if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
      const endpoint = await enableEndpoint(pool);
      if (endpoint === null) throw new RefusedError(notDisabled);
      log.info(
        { event: 'push.enabled', by: request.apiKeyName, reason: parsed.value.reason },
        'pushes are on again',
      );
      return { endpoint };
    },
  );
}

const notDisabled = {
  code: 'not_disabled',
  detail: 'Pushes are not disabled: there is no endpoint, or it is tried all the time.',
} as const;
