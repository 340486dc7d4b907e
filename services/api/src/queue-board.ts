import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { GENERATION_MARK } from '@capstan/shared/queue/generation';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type BoardPasswords, findBoardUser } from './basic-auth.ts';

const BASE_PATH = '/admin/queues';
/** Hides every button that acts. */
const READ_ONLY = { readOnlyMode: true };

/** Everything comes from here, and no other page may hold this one in a frame. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
/** The page of Bull Board 9.10 asks Google for its fonts. */
const LINKS_ELSEWHERE = /<link [^>]*href="https?:[^>]*>\n?/g;

/** A queue that may not have been reached yet. */
interface BoardQueue {
  queue(): Queue | null;
}

export interface QueueBoardOptions {
  passwords: BoardPasswords;
  queues: readonly BoardQueue[];
  /** Holds data of others, not ours: counts and outcomes are shown, data are not. */
  inbox: BoardQueue | null;
}

/**
 * Bull Board behind a login, to look at and not to act: one click on it could stop money with nobody the wiser. Jobs of
 * our own queues hold ids only, so there is nothing private to see; those of the queue door are shown without what they
 * carry.
 */
export async function addQueueBoard(
  app: FastifyInstance,
  { passwords, queues, inbox }: QueueBoardOptions,
): Promise<void> {
  const serverAdapter = new FastifyAdapter().setBasePath(BASE_PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Capstan queues', hideDocsLink: true } },
  });
  const shown = new Set<Queue>();
  const show = (queue: Queue | null, toAdapter: (queue: Queue) => BullMQAdapter) => {
    if (queue === null || shown.has(queue)) return;
    shown.add(queue);
    board.addQueue(toAdapter(queue));
  };
  const showReached = () => {
    for (const candidate of queues) show(candidate.queue(), (queue) => new OwnQueueAdapter(queue, READ_ONLY));
    show(inbox?.queue() ?? null, withoutContents);
  };

  await app.register(
    async (area) => {
      // Answers are sent from here: an error thrown would go through the board's own handler and become a 500.
      area.addHook('onRequest', async (request, reply) => {
        reply.headers(HEADERS);
        if (!isLetIn(request, reply, passwords)) return reply;
        showReached();
        if (shown.size === 0)
          return sendText(
            reply,
            503,
            'The queue has not been reached yet. The board opens by itself once it is.',
          );
      });
      area.addHook('onSend', async (_request, reply, payload) =>
        typeof payload === 'string' && isPage(reply) ? payload.replaceAll(LINKS_ELSEWHERE, '') : payload,
      );
      await area.register(serverAdapter.registerPlugin());
    },
    { prefix: BASE_PATH },
  );
}

/** One of our own queues, without the mark that tells its age: it is no work. */
class OwnQueueAdapter extends BullMQAdapter {
  override async getJob(id: string) {
    return id === GENERATION_MARK ? undefined : super.getJob(id);
  }

  override async getJobs(...page: Parameters<BullMQAdapter['getJobs']>) {
    return (await super.getJobs(...page)).filter((job) => job.toJSON().id !== GENERATION_MARK);
  }

  override async getJobCounts() {
    const [counts, mark] = await Promise.all([super.getJobCounts(), super.getJob(GENERATION_MARK)]);
    return mark ? { ...counts, delayed: Math.max(0, (counts.delayed ?? 0) - 1) } : counts;
  }
}

/** Names are the producers' choice and may say as much as data do. */
function withoutContents(queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, READ_ONLY);
  adapter.setFormatter('data', () => 'not shown');
  adapter.setFormatter('name', () => 'command');
  return adapter;
}

/** Answers whoever is no user of the board, and whatever would change something: neither user may. */
function isLetIn(request: FastifyRequest, reply: FastifyReply, passwords: BoardPasswords): boolean {
  if (findBoardUser(passwords, request.headers.authorization) === null) {
    sendText(
      reply.header('www-authenticate', 'Basic realm="capstan queues", charset="UTF-8"'),
      401,
      'Log in as admin or viewer.',
    );
    return false;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendText(reply.header('allow', 'GET, HEAD'), 405, 'The board only shows. Act through the API: /docs.');
    return false;
  }
  return true;
}

function isPage(reply: FastifyReply): boolean {
  return String(reply.getHeader('content-type')).startsWith('text/html');
}

function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`);
}
