import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { StackInfo } from '../src/stack.ts';
import { writeStackFile } from '../src/stack-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
const path = join(directory, '.local', 'stack.json');

afterAll(() => rmSync(directory, { recursive: true }));

function infoWithKey(apiKey: string): StackInfo {
  const place = { url: 'http://127.0.0.1:1', pid: 1 };
  return {
    api: [place],
    capturer: [place],
    reconciler: [place],
    sandbox: place,
    postgres: place,
    queue: { url: 'redis://127.0.0.1:1' },
    apiKey,
    webhookSecret: 's',
    conomy: { baseUrl: 'http://127.0.0.1:1/sandbox', apiKey: 'a', clientId: 'b', clientSecret: 'c' },
    admin: { user: 'admin', password: 'p' },
  };
}

test('the file holds the stack for our own user only, until it is removed', () => {
  const info = infoWithKey('key');
  const remove = writeStackFile(path, info);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(info);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  remove();
  expect(existsSync(path)).toBe(false);
});

test('a stack that stops leaves the file of a newer one', () => {
  const removeOlder = writeStackFile(path, infoWithKey('older'));
  const removeNewer = writeStackFile(path, infoWithKey('newer'));
  removeOlder();
  expect(JSON.parse(readFileSync(path, 'utf8')).apiKey).toBe('newer');
  removeNewer();
});
