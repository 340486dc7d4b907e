import { gunzipSync } from 'node:zlib';
import type { AnsweredExchange } from './answer-failure.ts';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The JSON bytes of an answer's body. Nothing packed is asked for, but a proxy may pack all the same, or set a byte order mark
 * before the text; the provider has done what was asked by then, so both are understood.
 * @param bytesMax of what was packed, too
 */
export function unpackAnswer(
  body: Buffer,
  headers: AnsweredExchange['headers'],
  bytesMax: number,
): { ok: true; body: Buffer } | { ok: false; reason: 'answer_too_large' | 'answer_cut' } {
  const isPacked = /^\s*(x-)?gzip\s*$/i.test(String(headers['content-encoding'] ?? ''));
  if (!isPacked) return { ok: true, body: withoutMark(body) };
  try {
    return { ok: true, body: withoutMark(gunzipSync(body, { maxOutputLength: bytesMax })) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { ok: false, reason: code === 'ERR_BUFFER_TOO_LARGE' ? 'answer_too_large' : 'answer_cut' };
  }
}

function withoutMark(body: Buffer): Buffer {
  const start = body.subarray(0, BYTE_ORDER_MARK.length);
  return start.equals(BYTE_ORDER_MARK) ? body.subarray(BYTE_ORDER_MARK.length) : body;
}
