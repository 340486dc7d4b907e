import { spawnSync } from 'node:child_process';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@capstan/local-stack/free-port';
import { type GuardedProcess, startGuardedProcess } from '@capstan/local-stack/guarded-process';
import {
  findPostgresBinaries,
  type Identity,
  postgresEnvironment,
  postgresIdentity,
} from '@capstan/local-stack/postgres-binaries';
import { createTemporaryDirectory } from '@capstan/local-stack/temporary-directory';
import pg from 'pg';

/** A PostgreSQL that follows another one on this machine by streaming. */
export interface Standby {
  /** As in a crash; the data stay. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Copies the running primary, as a base backup does, and follows it. `url` is a superuser's. */
export async function startStandby(url: string): Promise<Standby> {
  const directory = createTemporaryDirectory('capstan-standby-');
  const dataDir = join(directory.path, 'data');
  const identity = postgresIdentity();
  await copyPrimary(url, dataDir, identity);
  const bin = findPostgresBinaries(identity, directory.path);
  const settings = {
    port: String(await findFreePort()),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    primary_conninfo: conninfo(url),
    wal_retrieve_retry_interval: '100ms',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const launch = async () => {
    const server = await startGuardedProcess({
      name: 'standby',
      command: join(bin, 'postgres'),
      args: ['-D', dataDir, ...args],
      env: postgresEnvironment(),
      stopSignal: 'SIGINT',
      ...identity,
    });
    await server.waitForLine((line) => line.includes('started streaming WAL') || undefined, 30_000);
    return server;
  };
  let server: GuardedProcess = await launch();
  return {
    kill: async () => {
      await server.kill('SIGKILL');
    },
    restart: async () => {
      server = await launch();
    },
    stop: async () => {
      await server.stop();
      await directory.remove();
    },
  };
}

async function copyPrimary(url: string, dataDir: string, { uid, gid }: Identity): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(`select current_setting('data_directory') as path`);
    await client.query(`select pg_backup_start('standby', true)`);
    // Files that change or go away meanwhile are mended by the log that the copy starts with.
    spawnSync('cp', ['-a', rows[0].path, dataDir]);
    const stopped = await client.query('select labelfile from pg_backup_stop(false)');
    for (const file of ['postmaster.pid', 'postmaster.opts']) rmSync(join(dataDir, file), { force: true });
    for (const [file, text] of Object.entries({
      backup_label: stopped.rows[0].labelfile,
      'standby.signal': '',
    })) {
      writeFileSync(join(dataDir, file), text);
      if (uid !== undefined && gid !== undefined) chownSync(join(dataDir, file), uid, gid);
    }
  } finally {
    await client.end();
  }
}

function conninfo(url: string): string {
  const { hostname, port, username, password } = new URL(url);
  return `host=${hostname} port=${port} user=${username} password=${password} application_name=standby`;
}
