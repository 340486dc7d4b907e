import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Operation, OperationRequest } from './operations/operation.ts';
import { OPERATIONS } from './operations/registry.ts';
import { Reply } from './operations/reply.ts';
import type { Sandbox } from './sandbox.ts';
import { NO_ANSWER, type Wire, wireOf } from './wire.ts';
import { inZone } from './zone.ts';

/**
 * Serves the provider's API: headers first, then the call is counted, then a fault or the operation answers.
 * `refusePort` shuts the port for so many milliseconds.
 */
export function addOperationRoutes(
  server: FastifyInstance,
  sandbox: Sandbox,
  refusePort: (ms: number) => void,
): void {
  for (const operation of OPERATIONS) {
    server.route({
      method: operation.method,
      url: operation.path,
      handler: async (request, reply) => {
        const answered = await answer(operation, request, sandbox, wireOf(reply, refusePort, sandbox.date));
        // What a fault made up is told in the provider's zone as well.
        return answered === NO_ANSWER ? reply : sendAnswer(reply, inZone(answered, sandbox.settings().clock));
      },
    });
  }
}

function sendAnswer(reply: FastifyReply, answered: unknown): unknown {
  return answered instanceof Reply ? reply.code(answered.status).send(answered.body) : answered;
}

function answer(operation: Operation, request: FastifyRequest, sandbox: Sandbox, wire: Wire): unknown {
  sandbox.access.checkApiKey(request.headers);
  if (operation.access === 'token') sandbox.access.checkCaller(request.headers);
  const operationRequest = readRequest(request);
  const named = sandbox.filled.take(operationRequest.id);
  if (named) sandbox.store.add(named);
  countCall(operation, operationRequest, sandbox);
  return sandbox.faults.answerCall(operation.name, {
    sandbox,
    request: operationRequest,
    run: (changes) =>
      inZone(operation.run(sandbox, { ...operationRequest, ...changes }), sandbox.settings().clock),
    wire,
  });
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

const ABOUT_REFUNDS: ReadonlySet<string> = new Set(['refund', 'refunds', 'payment-refunds']);

/** `create` and the calls without a payment have nobody to be counted for. */
function countCall(
  { name, paymentId }: Operation,
  request: OperationRequest,
  { store, trueNow }: Sandbox,
): void {
  const payment = store.find(paymentId?.(request) ?? request.query.parentPaymentId ?? '');
  if (payment === undefined) return;
  const { calls, asked } = payment;
  if (name in calls) calls[name as keyof typeof calls] += 1;
  if (ABOUT_REFUNDS.has(name)) asked.push({ atMs: trueNow(), operation: name });
}
