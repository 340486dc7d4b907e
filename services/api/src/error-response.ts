import { isDatabaseUnavailable } from '@capstan/shared/db/sqlstates';
import { guardAnswer } from '@capstan/shared/http/guard-answers';
import type { Logger } from '@capstan/shared/telemetry/logger';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { type Problem, type Refusal, RefusedError, toProblem } from './problem.ts';

const RETRY_AFTER_S = 2;

/** The only place where an error becomes an HTTP answer. */
export function addErrorResponses(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      toProblem({ code: 'not_found', detail: `There is no ${request.method} ${pathOf(request.url)} here.` }),
    ),
  );
  app.setErrorHandler((error: unknown, request, reply) => {
    const refusal = toRefusal(error);
    if (refusal.code === 'internal_error' || refusal.code === 'unavailable') {
      const context = {
        event: 'request.failed',
        route: request.routeOptions.url,
        code: refusal.code,
        err: error,
      };
      if (refusal.code === 'internal_error') log.error(context, 'a request failed for a reason of our own');
      else log.warn(context, 'a request could not be served now');
    }
    return sendProblem(reply, toProblem(refusal));
  });
}

/** For what is refused before there is a route, such as a path that is no valid URL. */
export function answerFrameworkError(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  guardAnswer(reply);
  sendProblem(reply, toProblem(refusalOfHttp(error)));
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="capstan"');
  if (problem.code === 'unavailable') reply.header('retry-after', RETRY_AFTER_S);
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problem);
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  if (isDatabaseUnavailable(error)) {
    return {
      code: 'unavailable',
      detail:
        'PostgreSQL cannot serve this now. Try again with the same Idempotency-Key: what was written all the same is answered again and not done twice.',
    };
  }
  return refusalOfHttp(error as Partial<FastifyError>);
}

/** What the HTTP layer refuses by itself, before a route sees the request. */
function refusalOfHttp({ statusCode, message = '' }: Partial<FastifyError>): Refusal {
  switch (statusCode) {
    case 413:
      return {
        code: 'payload_too_large',
        detail: 'The body is larger than this route takes: 256 KiB, for a batch 4 MiB.',
      };
    case 415:
      return {
        code: 'unsupported_media_type',
        detail: 'Send the body as JSON, with Content-Type: application/json.',
      };
    default:
      return statusCode !== undefined && statusCode >= 400 && statusCode < 500
        ? { code: 'validation_failed', detail: message, errors: [{ path: '', message }] }
        : {
            code: 'internal_error',
            detail: 'Nothing is known to be wrong with the request. Try again with the same Idempotency-Key.',
          };
  }
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
