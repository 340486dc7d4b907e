import type { FastifyInstance, FastifyReply } from 'fastify';

/** Runs `work` with a signal that is aborted when the caller hangs up or the server begins to stop. */
export type LongPoll = <T>(reply: FastifyReply, work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

export function createLongPoll(app: FastifyInstance): LongPoll {
  const open = new Set<AbortController>();
  let stopping = false;
  // Before the server waits for its open requests: they answer with the current state now.
  app.addHook('preClose', async () => {
    stopping = true;
    for (const request of open) request.abort();
  });
  return async (reply, work) => {
    const request = new AbortController();
    const hangUp = () => request.abort();
    if (stopping || reply.raw.destroyed) hangUp();
    open.add(request);
    reply.raw.on('close', hangUp);
    try {
      return await work(request.signal);
    } finally {
      open.delete(request);
      reply.raw.off('close', hangUp);
    }
  };
}
