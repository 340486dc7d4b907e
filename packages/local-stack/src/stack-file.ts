import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { guard } from './guard.ts';
import type { StackInfo } from './stack.ts';

/**
 * Writes where a stack is, whole or not at all and for our own user only, since it holds the secrets.
 * The file goes when this process does. Returns its removal, which leaves a newer stack's file alone.
 */
export function writeStackFile(path: string, info: StackInfo): () => void {
  const text = `${JSON.stringify(info, null, 2)}\n`;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
  const release = guard({ kind: 'files', path });
  return () => {
    release();
    if (readIfThere(path) === text) rmSync(path, { force: true });
  };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
