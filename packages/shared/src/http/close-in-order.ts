import type { Server as HttpServer, ServerResponse } from 'node:http';
import { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** How long callers with an open connection may take to come for the answer that tells them to leave it. */
const LEAVE_MS_MAX = 1_000;

/**
 * Closes a server without cutting a caller off: for `delayMs` it serves as before, since those who look at `/readyz` need
 * time to notice; then it takes no more connections and each answer ends the connection it goes out on; what is then still
 * open is closed once its request is answered. Call it before the server listens.
 */
export function prepareClose(app: FastifyInstance, delayMs: number): () => Promise<void> {
  const { server } = app;
  const unanswered = new Set<ServerResponse>();
  const none = Promise.withResolvers<void>();
  let isClosing = false;
  server.prependListener('request', (_request, response) => {
    unanswered.add(response);
    if (isClosing) endConnection(response);
    response.once('close', () => {
      unanswered.delete(response);
      if (isClosing && unanswered.size === 0) none.resolve();
    });
  });

  return async () => {
    await delay(delayMs);
    isClosing = true;
    for (const response of unanswered) endConnection(response);
    const allGone = stopListening(server);
    await Promise.race([allGone, delay(Math.min(delayMs, LEAVE_MS_MAX))]);
    // Long polls answer now, and connections between two requests are closed.
    await app.close();
    if (unanswered.size > 0) await none.promise;
    // A connection on which no request ever came counts as busy for Node and would be waited for.
    server.closeAllConnections();
    await allGone;
  };
}

function endConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

/**
 * Resolves when the last connection is gone. Not the HTTP server's own `close`: that one also cuts the connections that
 * are between two requests, and with them a request that is on its way.
 */
function stopListening(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => resolve());
  });
}
