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
      refuseOtherCharset(request.headers['content-type']);
      const parsed = parseStrictJson(body);
      if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
      return parsed.value;
    },
  );
}

/** JSON is UTF-8: a body that says to be something else would be read as other text than was meant. */
function refuseOtherCharset(contentType: unknown): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)"?/i.exec(String(contentType))?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new RefusedError({
    code: 'unsupported_media_type',
    detail: `Send the body as UTF-8, not with charset "${charset}".`,
  });
}
