import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TEST_LOGS = fileURLToPath(new URL('../../../.local/test-logs', import.meta.url));
const KEPT_MS = 24 * 60 * 60 * 1000;

/** A new directory for the logs of one test run; those of runs older than a day are removed. */
export function createLogRoot(): string {
  const startedAt = Date.now();
  mkdirSync(TEST_LOGS, { recursive: true });
  for (const name of readdirSync(TEST_LOGS)) {
    const path = join(TEST_LOGS, name);
    const modifiedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? startedAt;
    if (startedAt - modifiedAt > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
  const logRoot = join(TEST_LOGS, `${startedAt}-${process.pid}`);
  mkdirSync(logRoot);
  return logRoot;
}
