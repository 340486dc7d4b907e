import type { FastifyInstance } from 'fastify';
import { invalidContent, RefusedError } from './problem.ts';
import { parseStrictJson } from './strict-json.ts';

/** Bodies are plain JSON and nothing else; any other content type, also none, is refused. */
export function acceptStrictJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: { headers: Record<string, unknown> }, body: Buffer) => {
      const encoding = request.headers['content-encoding'];
      if (encoding !== undefined && encoding !== 'identity') {
        throw new RefusedError({
          code: 'unsupported_media_type',
          detail: `Send the body without Content-Encoding "${encoding}".`,
        });
      }
      const parsed = parseStrictJson(body);
      if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
      return parsed.value;
    },
  );
}
