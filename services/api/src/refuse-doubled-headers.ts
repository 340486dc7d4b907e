import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidContent, RefusedError } from './problem.ts';

/** Of these a parser on the way may take the first and another the last: whose meaning counts must not depend on that. */
const ONCE = ['authorization', 'content-encoding', 'content-length', 'content-type', 'host'] as const;

/** Refuses a request in which a header that has one value comes twice. Node would take the first and drop the rest. */
export function refuseDoubledHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const doubled = ONCE.find((name) => headerLines(request, name).length > 1);
    if (doubled !== undefined)
      throw new RefusedError(
        invalidContent([{ path: '', message: `came with the header ${doubled} more than once` }]),
      );
  });
}

/** Every line of that name, in lower case, as it was sent. */
export function headerLines({ raw: { rawHeaders } }: Pick<FastifyRequest, 'raw'>, name: string): string[] {
  return rawHeaders.filter((_text, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}
