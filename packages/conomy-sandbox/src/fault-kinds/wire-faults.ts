import { gzipSync } from 'node:zlib';
import { after, type FaultBehaviour, forever, json, pause } from './behaviour.ts';

export const GATEWAY_PAGE =
  '<html><head><title>Gateway</title></head><body>upstream is not available</body></html>';

/** What goes wrong with the connection or with what is written on it. */
export const WIRE_FAULTS = {
  /** No effect: the port is shut for `delayMs` (1,000), so that this call is reset and later ones are refused. */
  refuse: { site: 'call', answer: ({ wire, delayMs = 1_000 }) => wire.refuse(delayMs) },
  /** No effect: the connection is reset before an answer. */
  'reset-before': { site: 'call', answer: ({ wire }) => wire.reset() },
  /** The effect happens, then the connection is reset. */
  'reset-after': { site: 'call', answer: after(({ wire }) => wire.reset()) },
  /** The effect happens and the answer is held back: for `delayMs`, without it until the caller gives up. */
  'commit-then-timeout': {
    site: 'call',
    answer: after(({ delayMs }) => (delayMs === undefined ? forever() : pause(delayMs))),
  },
  /** The effect happens; the first byte of the answer comes after `delayMs` (2,000). */
  slow: { site: 'call', answer: after(({ delayMs = 2_000 }) => pause(delayMs)) },
  /** The effect happens; the bytes of the answer trickle over `delayMs` (2,000). */
  'slow-bytes': {
    site: 'call',
    answer: after(({ wire, delayMs = 2_000 }, answer) => wire.send({ ...json(answer), overMs: delayMs })),
  },
  /** The effect happens; the answer is cut in the middle. */
  'cut-json': {
    site: 'call',
    answer: after(({ wire }, answer) => {
      const whole = json(answer);
      return wire.send({ ...whole, cutAfter: Math.floor(Buffer.byteLength(whole.body) / 2) });
    }),
  },
  /** The effect happens; the answer is a 200 without a body. */
  'empty-body': {
    site: 'call',
    answer: after(({ wire }, answer) => wire.send({ ...json(answer), body: '' })),
  },
  /** The effect happens; the answer is a 200 with a page of HTML. */
  html: {
    site: 'call',
    answer: after(({ wire }) => wire.send({ status: 200, contentType: 'text/html', body: GATEWAY_PAGE })),
  },
  /** The effect happens; the answer is compressed, and says so, though nobody offered to read that. */
  gzip: {
    site: 'call',
    answer: after(({ wire }, answer) => {
      const plain = json(answer);
      return wire.send({ ...plain, body: gzipSync(plain.body), headers: { 'content-encoding': 'gzip' } });
    }),
  },
  /** The effect happens; a byte order mark stands before the answer. */
  'byte-order-mark': {
    site: 'call',
    answer: after(({ wire }, answer) => {
      const plain = json(answer);
      return wire.send({ ...plain, body: `\uFEFF${plain.body}` });
    }),
  },
} as const satisfies Record<string, FaultBehaviour>;
