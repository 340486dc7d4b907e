import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ApiKey, findApiKey, type Scope } from './api-keys.ts';
import { RefusedError } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller's key must allow. A route without it is refused at start. */
    scope?: Scope;
  }
  interface FastifyRequest {
    /** Name of the key the caller presented. */
    apiKeyName: string;
  }
}

/** Lets only known keys with the route's scope through, before a byte of the body is read. */
export function addAuthentication(app: FastifyInstance, keys: readonly ApiKey[]): void {
  app.decorateRequest('apiKeyName', '');
  app.addHook('onRoute', (route) => {
    if (!route.config?.scope) throw new Error(`route ${route.url} does not say which scope it needs`);
  });
  app.addHook('onRequest', async (request) => authenticate(request, keys));
}

function authenticate(request: FastifyRequest, keys: readonly ApiKey[]): void {
  const key = findApiKey(keys, request.headers.authorization);
  if (!key) {
    throw new RefusedError({
      code: 'unauthorized',
      detail: 'Send "Authorization: Bearer <secret>" with the secret of a known API key.',
    });
  }
  const { scope } = request.routeOptions.config;
  if (!scope || !key.scopes.has(scope)) {
    throw new RefusedError({
      code: 'forbidden',
      detail: `The API key "${key.name}" lacks the scope "${scope}".`,
    });
  }
  request.apiKeyName = key.name;
}
