import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type BoardPasswords, findBoardUser } from './basic-auth.ts';

const BASE_PATH = '/admin/queues';

/** A queue that may not have been reached yet. */
interface BoardQueue {
  queue(): Queue | null;
}

export interface QueueBoardOptions {
  passwords: BoardPasswords;
  queues: readonly BoardQueue[];
}

/** Bull Board behind a login. Jobs hold ids only, so there is nothing private to see and nothing that decides about money. */
export async function addQueueBoard(
  app: FastifyInstance,
  { passwords, queues }: QueueBoardOptions,
): Promise<void> {
  const serverAdapter = new FastifyAdapter().setBasePath(BASE_PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Capstan queues' } },
  });
  const shown = new Set<Queue>();
  const showReached = () => {
    for (const queue of queues.map((candidate) => candidate.queue())) {
      if (queue === null || shown.has(queue)) continue;
      shown.add(queue);
      board.addQueue(new BullMQAdapter(queue));
    }
  };

  await app.register(
    async (area) => {
      // Answers are sent from here: an error thrown would go through the board's own handler and become a 500.
      area.addHook('onRequest', async (request, reply) => {
        if (!isLetIn(request, reply, passwords)) return reply;
        showReached();
        if (shown.size === 0)
          return sendText(
            reply,
            503,
            'The queue has not been reached yet. The board opens by itself once it is.',
          );
      });
      await area.register(serverAdapter.registerPlugin());
    },
    { prefix: BASE_PATH },
  );
}

function isLetIn(request: FastifyRequest, reply: FastifyReply, passwords: BoardPasswords): boolean {
  const user = findBoardUser(passwords, request.headers.authorization);
  if (user === null) {
    sendText(
      reply.header('www-authenticate', 'Basic realm="capstan queues", charset="UTF-8"'),
      401,
      'Log in as admin or viewer.',
    );
    return false;
  }
  if (user === 'viewer' && request.method !== 'GET' && request.method !== 'HEAD') {
    sendText(reply, 403, 'The user viewer may only look.');
    return false;
  }
  return true;
}

function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`);
}
