import { chmodSync, mkdtempSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { guard } from './guard.ts';

export interface TemporaryDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A new directory that is gone when this process is, at the latest.
 * Other users may pass through it but not list it: PostgreSQL, which refuses to run as root, keeps its
 * own 0700 directory inside.
 */
export function createTemporaryDirectory(prefix: string): TemporaryDirectory {
  const path = mkdtempSync(join(passableTemporaryRoot(), prefix));
  chmodSync(path, 0o711);
  const release = guard({ kind: 'files', path });
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 20 });
      release();
    },
  };
}

/** `TMPDIR` unless we are root and it lies where other users cannot reach it. */
function passableTemporaryRoot(): string {
  if (process.getuid?.() !== 0) return tmpdir();
  return [tmpdir(), '/tmp', '/var/tmp'].find(isPassableByOthers) ?? tmpdir();
}

function isPassableByOthers(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o001) === 0) return false;
  return path === dirname(path) || isPassableByOthers(dirname(path));
}
