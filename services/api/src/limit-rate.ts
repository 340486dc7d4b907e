import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { RefusedError } from './problem.ts';

/**
 * Refuses what an API key sends beyond its requests per second, before the body is read. Each process counts for
 * itself: it protects this process, and is no quota. Add it after authentication, which names the key.
 * @param perSecond 0 sets no limit.
 */
export async function addRateLimit(app: FastifyInstance, perSecond: number): Promise<void> {
  if (perSecond === 0) return;
  await app.register(rateLimit, {
    max: perSecond,
    timeWindow: 1_000,
    keyGenerator: ({ apiKeyName }) => apiKeyName,
    errorResponseBuilder: (_request, { max }) =>
      new RefusedError({
        code: 'rate_limited',
        detail: `The API key sent more than ${max} requests within a second.`,
      }),
  });
}
