import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chooseQueue } from '../src/private-queue.ts';

const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
const redis = addProgram('redis-server');

afterAll(() => rmSync(directory, { recursive: true }));

function addProgram(name: string): string {
  const path = join(directory, name);
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

describe('choice of the queue', () => {
  test('a Redis server on PATH is used', () => {
    expect(chooseQueue({ PATH: `/nowhere:${directory}` })).toEqual({ kind: 'redis', program: redis });
  });

  test('without one PostgreSQL is the queue', () => {
    expect(chooseQueue({ PATH: '/nowhere' })).toEqual({ kind: 'postgres' });
    expect(chooseQueue({})).toEqual({ kind: 'postgres' });
  });

  test('PostgreSQL can be asked for beside a Redis server', () => {
    expect(chooseQueue({ CAPSTAN_QUEUE: 'postgres', PATH: directory })).toEqual({ kind: 'postgres' });
  });

  test('Redis asked for and absent is an error that names the package', () => {
    expect(() => chooseQueue({ CAPSTAN_QUEUE: 'redis', PATH: '/nowhere' })).toThrow(
      'install the Debian package redis-server',
    );
  });

  test('another value is an error that names it', () => {
    expect(() => chooseQueue({ CAPSTAN_QUEUE: 'kafka' })).toThrow('CAPSTAN_QUEUE="kafka" is not a queue');
  });
});
