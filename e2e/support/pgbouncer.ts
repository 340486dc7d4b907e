import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@capstan/local-stack/free-port';
import { startGuardedProcess } from '@capstan/local-stack/guarded-process';
import { postgresEnvironment, postgresIdentity } from '@capstan/local-stack/postgres-binaries';
import { createTemporaryDirectory } from '@capstan/local-stack/temporary-directory';
import { needsProgram } from '@capstan/testing/needs-program';

/** Debian keeps it where only root's PATH looks. */
export const pgbouncer = needsProgram('pgbouncer', 'pgbouncer', {
  ...process.env,
  PATH: `${process.env.PATH ?? ''}:/usr/sbin`,
});

export interface PgBouncer {
  /** The address of the database behind it, with the same user and password. */
  through(databaseUrl: string): string;
  stop(): Promise<void>;
}

/** A PgBouncer of its own before the server of `postgresUrl`. */
export async function startPgBouncer(
  postgresUrl: string,
  poolMode: 'session' | 'transaction',
): Promise<PgBouncer> {
  const directory = createTemporaryDirectory('capstan-pgbouncer-');
  const { port, username, password } = new URL(postgresUrl);
  const listenPort = await findFreePort();
  const users = write(join(directory.path, 'users'), `"${username}" "${password}"\n`);
  const settings = write(
    join(directory.path, 'pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = ${poolMode}
default_pool_size = ${poolMode === 'session' ? 80 : 20}
max_client_conn = 300
`,
  );
  // It refuses to run as root, as PostgreSQL does.
  const server = await startGuardedProcess({
    name: 'pgbouncer',
    command: pgbouncer.path,
    args: [settings],
    env: postgresEnvironment(),
    stopSignal: 'SIGTERM',
    ...postgresIdentity(),
  });
  await server.waitForLine((line) => line.includes('process up') || undefined, 10_000);
  return {
    through: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.port = String(listenPort);
      return url.href;
    },
    stop: async () => {
      await server.stop();
      await directory.remove();
    },
  };
}

function write(path: string, text: string): string {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
  return path;
}
