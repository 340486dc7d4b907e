import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';

/** What of an answer arrives, and how. */
export interface RawAnswer {
  status: number;
  contentType: string;
  body: string | Buffer;
  headers?: Readonly<Record<string, string>>;
  /** Only this many bytes are sent before the connection is cut, though the whole length was announced. */
  cutAfter?: number;
  /** The bytes are spread over this time. */
  overMs?: number;
}

/** The connection of one call, for faults below HTTP's usual manners. */
export interface Wire {
  /** Resets the connection: the caller gets no byte of an answer. */
  reset(): typeof NO_ANSWER;
  send(answer: RawAnswer): Promise<typeof NO_ANSWER>;
  /** Shuts the port for a while and resets every connection, this one too. */
  refuse(ms: number): typeof NO_ANSWER;
}

/** What a fault returns when the wire has said everything. */
export const NO_ANSWER = Symbol('no answer');

/** Answers that trickle are cut into this many pieces at most. */
const PIECES_MAX = 50;

/** `date`: what the provider's clock says, as every answer tells it. */
export function wireOf(reply: FastifyReply, refusePort: (ms: number) => void, date: () => string): Wire {
  const takeOver = (): Socket | null => {
    reply.hijack();
    return reply.raw.socket;
  };
  return {
    reset: () => {
      takeOver()?.resetAndDestroy();
      return NO_ANSWER;
    },
    send: async ({ status, contentType, body, headers, cutAfter, overMs = 0 }) => {
      const socket = takeOver();
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      reply.raw.writeHead(status, {
        date: date(),
        'content-type': contentType,
        'content-length': bytes.length,
        ...headers,
      });
      const sent = bytes.subarray(0, cutAfter ?? bytes.length);
      reply.raw.flushHeaders();
      for (const piece of piecesOf(sent, overMs > 0 ? PIECES_MAX : 1)) {
        reply.raw.write(piece);
        if (overMs > 0) await delay(overMs / PIECES_MAX, undefined, { ref: false });
      }
      if (cutAfter === undefined) reply.raw.end();
      else socket?.end();
      return NO_ANSWER;
    },
    refuse: (ms) => {
      takeOver()?.resetAndDestroy();
      refusePort(ms);
      return NO_ANSWER;
    },
  };
}

function piecesOf(bytes: Buffer, count: number): Buffer[] {
  const size = Math.max(1, Math.ceil(bytes.length / count));
  const pieces: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += size) pieces.push(bytes.subarray(from, from + size));
  return pieces;
}
