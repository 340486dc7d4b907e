/**
 * A process that started PostgreSQL ends in every way a process can end.
 * Goal: PostgreSQL and its data are gone soon after, with nobody left to stop them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { expect, test } from 'vitest';

const HOLDER = join(import.meta.dirname, 'fixtures/hold-postgres.ts');

interface Held {
  holder: ChildProcess;
  dataDirectory: string;
  /** Settles when the server ends our session, which it does when it stops. */
  serverStopped: Promise<unknown>;
}

/** Starts the holder as another process and opens a session with its server. */
async function startHolder(options: { uid?: number; gid?: number; umask?: string } = {}): Promise<Held> {
  const { umask, ...identity } = options;
  const command = [process.execPath, '--conditions=source', HOLDER];
  const shell = ['sh', '-c', `umask ${umask ?? '022'}; exec "$@"`, 'sh', ...command];
  const holder = spawn(shell[0] as string, shell.slice(1), {
    ...identity,
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(
    createInterface({ input: holder.stdout as NonNullable<typeof holder.stdout> }),
    'line',
  )) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('show data_directory');
  // The driver reports the lost session twice; `once` would leave the second report unhandled.
  const serverStopped = new Promise((resolve) => client.on('error', resolve));
  return { holder, dataDirectory: rows[0].data_directory, serverStopped };
}

async function expectGone({ dataDirectory, serverStopped }: Held): Promise<void> {
  await serverStopped;
  await expect.poll(() => existsSync(dirname(dataDirectory)), { timeout: 10_000 }).toBe(false);
}

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'PostgreSQL ends when its parent ends by %s',
  async (signal) => {
    const held = await startHolder();
    held.holder.kill(signal);
    await expectGone(held);
  },
);

test('PostgreSQL starts below a umask of 077', async () => {
  const held = await startHolder({ umask: '077' });
  held.holder.kill('SIGTERM');
  await expectGone(held);
});

test.skipIf(process.getuid?.() !== 0 || !isReachableByOthers(HOLDER))(
  'an ordinary user can start PostgreSQL too',
  async () => {
    const held = await startHolder({ uid: 65_534, gid: 65_534 });
    held.holder.kill('SIGTERM');
    await expectGone(held);
  },
);

/** In a checkout below a private home directory another user can run nothing. */
function isReachableByOthers(path: string): boolean {
  if ((statSync(path).mode & 0o005) === 0) return false;
  return path === dirname(path) || isReachableByOthers(dirname(path));
}
