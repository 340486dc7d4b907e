import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startGuardedProcess } from '@capstan/local-stack/guarded-process';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const START_DEADLINE_MS = 30_000;
/** Longer than a service's own drain limit, which decides first. */
const STOP_DEADLINE_MS = 30_000;

/** Lays out in an empty folder what the image holds, by the commands the image is built with. */
export async function assembleProduction(folder: string): Promise<void> {
  const env = { ...process.env, CI: 'true', TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  await runOrExplain('npx', ['-y', 'pnpm@12', 'build'], env);
  await runOrExplain(join(REPOSITORY, 'scripts/assemble-production.sh'), [folder], env);
}

async function runOrExplain(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await run(command, args, { cwd: REPOSITORY, env });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Runs a script of the folder to its end as the image does; `code` is its exit code. */
export async function runInstalled(
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; output: string }> {
  const options = { cwd: folder, env: imageEnvironment(env) };
  try {
    const { stdout, stderr } = await run(process.execPath, args, options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

/** A part of the folder as a process of its own. */
export interface InstalledPart {
  url: string;
  /** SIGTERM, as a container is stopped. */
  stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts a part as the image's entry point does and waits until it listens. */
export async function startInstalled(
  folder: string,
  part: string,
  env: Record<string, string>,
): Promise<InstalledPart> {
  const service = await startGuardedProcess({
    name: part,
    command: process.execPath,
    args: [join(folder, 'scripts/start.mjs'), part],
    env: imageEnvironment(env),
  });
  const url = await service.waitForLine(readStartedUrl, START_DEADLINE_MS);
  return { url, stop: () => service.stop(STOP_DEADLINE_MS) };
}

/** What the Dockerfile sets, and nothing of the test run's own environment but where programs are. */
function imageEnvironment(env: Record<string, string>): Record<string, string> {
  return { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...env };
}

function readStartedUrl(line: string): string | undefined {
  if (!line.includes('"service.started"')) return undefined;
  return (JSON.parse(line) as { url: string }).url;
}
