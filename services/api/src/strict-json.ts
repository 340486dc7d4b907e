import type { ContentFault, ParsedContent } from '@capstan/shared/domain/problem';
import { toPointer } from '@capstan/shared/domain/problem';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Far deeper than any command, and safe for everything that walks the value by recursion. */
const DEPTH_MAX = 64;
/** A double holds every decimal of up to this many digits exactly. */
const EXACT_DIGITS_MAX = 15;

/**
 * Parses a request body that must mean the same to every reader: strict UTF-8, no member twice in one object
 * (parsers differ on which wins), no `__proto__`, no number a double would change, no text PostgreSQL cannot hold.
 */
export function parseStrictJson(bytes: Uint8Array): ParsedContent<unknown> {
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    return fault('', 'is not valid UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault('', 'is not JSON');
  }
  const found = findFault(text);
  return found === null ? { ok: true, value } : { ok: false, faults: [found] };
}

function fault(path: string, message: string): { ok: false; faults: ContentFault[] } {
  return { ok: false, faults: [{ path, message }] };
}

/** An object or array that is open at the point reached. */
interface Frame {
  /** Keys seen so far; null for an array. */
  keys: Set<string> | null;
  /** Where in it we are: the current key or index. */
  at: string | number;
  /** The next string is a key. */
  expectsKey: boolean;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** One pass over text that is known to be JSON, without recursion; the first fault ends it. */
function findFault(text: string): ContentFault | null {
  const frames: Frame[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const frame = frames.at(-1);
    const character = text[at] as string;
    if (character === '"') {
      const end = endOfString(text, at);
      const message = frame?.expectsKey
        ? enterMember(frame, readString(text, at, end))
        : explainUnstorable(readString(text, at, end));
      if (message) return { path: pointerTo(frames), message };
      at = end - 1;
    } else if (character === '{' || character === '[') {
      if (frames.length === DEPTH_MAX)
        return { path: pointerTo(frames), message: `nests deeper than ${DEPTH_MAX} levels` };
      frames.push(
        character === '{'
          ? { keys: new Set(), at: '', expectsKey: true }
          : { keys: null, at: 0, expectsKey: false },
      );
    } else if (character === '}' || character === ']') {
      frames.pop();
    } else if (character === ',' && frame) {
      if (frame.keys) frame.expectsKey = true;
      else frame.at = (frame.at as number) + 1;
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      const digits = numberAt(text, at);
      if (!isExact(digits))
        return {
          path: pointerTo(frames),
          message: 'has more digits than a JSON number holds exactly: send it as a string',
        };
      at += digits.length - 1;
    }
  }
  return null;
}

function enterMember(frame: Frame, key: string): string | null {
  frame.at = key;
  frame.expectsKey = false;
  if (key === '__proto__') return 'is not a field that belongs here';
  if (frame.keys?.has(key)) return 'is there twice; which one counts is not defined';
  frame.keys?.add(key);
  return explainUnstorable(key);
}

function explainUnstorable(text: string): string | null {
  return text.includes('\0') || !text.isWellFormed()
    ? 'must not contain U+0000 or half a surrogate pair'
    : null;
}

function readString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inner;
}

/** Index just after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

function numberAt(text: string, at: number): string {
  NUMBER.lastIndex = at;
  return NUMBER.exec(text)?.[0] ?? '';
}

function isExact(number: string): boolean {
  const digits = number.replace(/[eE].*$/, '').replace(/\D/g, '').length;
  const value = Number(number);
  return (digits <= EXACT_DIGITS_MAX && Number.isFinite(value)) || String(value) === number;
}

function pointerTo(frames: readonly Frame[]): string {
  return toPointer(frames.map((frame) => frame.at));
}
