import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Operation, OperationRequest } from './operations/operation.ts';
import { OPERATIONS } from './operations/registry.ts';
import { Reply } from './operations/reply.ts';
import type { Sandbox } from './sandbox.ts';

/** Serves the provider's API: headers first, then the call is counted, then a fault or the operation answers. */
export function addOperationRoutes(server: FastifyInstance, sandbox: Sandbox): void {
  for (const operation of OPERATIONS) {
    server.route({
      method: operation.method,
      url: operation.path,
      handler: async (request, reply) => {
        const answered = await answer(operation, request, sandbox);
        return answered instanceof Reply ? reply.code(answered.status).send(answered.body) : answered;
      },
    });
  }
}

function answer(operation: Operation, request: FastifyRequest, sandbox: Sandbox): unknown {
  sandbox.access.checkApiKey(request.headers);
  if (operation.access === 'token') sandbox.access.checkCaller(request.headers);
  const operationRequest = readRequest(request);
  countCall(operation, operationRequest, sandbox);
  return sandbox.faults.answerCall(operation.name, () => operation.run(sandbox, operationRequest));
}

function readRequest({ params, query, body }: FastifyRequest): OperationRequest {
  const texts = Object.entries(query as Record<string, string | string[]>).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.at(-1) : value,
  ]);
  return {
    id: Object.values(params as Record<string, string>)[0] ?? '',
    query: Object.fromEntries(texts),
    body,
  };
}

/** `create` and the calls without a payment have nobody to be counted for. */
function countCall({ name, paymentId }: Operation, request: OperationRequest, { store }: Sandbox): void {
  const id = paymentId?.(request);
  const calls = id === undefined ? undefined : store.find(id)?.calls;
  if (calls && name in calls) calls[name as keyof typeof calls] += 1;
}
