import type { FastifyInstance, FastifyReply } from 'fastify';

/** No browser guesses what an answer is, and no other site shows it in a frame. */
export function guardAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => guardAnswer(reply));
}

/** For what is answered before any hook runs. A page may set a stricter policy of its own. */
export function guardAnswer(reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff').header('x-frame-options', 'DENY');
  if (!reply.hasHeader('content-security-policy'))
    reply.header('content-security-policy', "frame-ancestors 'none'");
}
