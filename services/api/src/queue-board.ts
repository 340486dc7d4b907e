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
  /** Holds data of others, not ours: counts and outcomes are shown, data and buttons are not. */
  inbox: BoardQueue | null;
}

/**
 * Bull Board behind a login. Jobs of our own queues hold ids only, so there is nothing private to see and nothing
 * that decides about money; those of the queue door are shown without what they carry.
 */
export async function addQueueBoard(
  app: FastifyInstance,
  { passwords, queues, inbox }: QueueBoardOptions,
): Promise<void> {
  const serverAdapter = new FastifyAdapter().setBasePath(BASE_PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Capstan queues' } },
  });
  const shown = new Set<Queue>();
  const show = (queue: Queue | null, toAdapter: (queue: Queue) => BullMQAdapter) => {
    if (queue === null || shown.has(queue)) return;
    shown.add(queue);
    board.addQueue(toAdapter(queue));
  };
  const showReached = () => {
    for (const candidate of queues) show(candidate.queue(), (queue) => new BullMQAdapter(queue));
    show(inbox?.queue() ?? null, withoutContents);
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

/** Names are the producers' choice and may say as much as data do. */
function withoutContents(queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, { readOnlyMode: true });
  adapter.setFormatter('data', () => 'not shown');
  adapter.setFormatter('name', () => 'command');
  return adapter;
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
