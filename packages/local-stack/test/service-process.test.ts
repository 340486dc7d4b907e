import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type ServiceOptions, type ServiceProcess, startService } from '../src/service-process.ts';

const ENTRY = join(import.meta.dirname, 'fixtures/tiny-service.ts');
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: Partial<ServiceOptions> = {}): Promise<ServiceProcess> {
  const service = await startService({ name: 'tiny-1', entry: ENTRY, env: {}, ...options });
  cleanups.push(() => service.kill('SIGKILL'));
  return service;
}

async function ask(service: ServiceProcess): Promise<{ env: Record<string, string>; pid: number }> {
  const response = await fetch(service.url, { headers: { connection: 'close' } });
  return (await response.json()) as { env: Record<string, string>; pid: number };
}

test('a started service answers at the url it announced, with no environment but what it was given', async () => {
  const service = await start({ env: { PORT: '0', COLOUR: 'green' } });
  const { env, pid } = await ask(service);
  expect(pid).toBe(service.pid);
  expect(Object.keys(env).sort()).toEqual(['COLOUR', 'PATH', 'PORT']);
});

test('a service that exits before it is ready fails the start with its last lines', async () => {
  await expect(start({ env: { BEHAVIOUR: 'exits' } })).rejects.toThrow(
    /tiny-1 did not start: it ended with code 3 before it was ready\.[\s\S]*DATABASE_URL: is not set/,
  );
});

test('a service that never becomes ready is killed and fails the start', async () => {
  const started = start({ env: { BEHAVIOUR: 'never-ready' }, startDeadlineMs: 400 });
  await expect(started).rejects.toThrow('it was not ready after 0.4 s');
});

test('a start that is called off ends the process', async () => {
  const controller = new AbortController();
  const started = start({ env: { BEHAVIOUR: 'never-ready' }, signal: controller.signal });
  controller.abort();
  await expect(started).rejects.toThrow('the start was called off');
});

test('a service restarted after SIGKILL is a new process at the same url', async () => {
  const service = await start();
  const { pid, url } = service;
  expect(await service.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  await service.restart();
  expect(service.url).toBe(url);
  expect((await ask(service)).pid).not.toBe(pid);
});

test('stop asks with SIGTERM, and may be called again', async () => {
  const service = await start();
  expect(await service.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(await service.stop()).toEqual({ code: null, signal: 'SIGTERM' });
});

test('only an end nobody asked for is reported as unexpected', async () => {
  const unexpected: string[] = [];
  const report = (name: string) => () => unexpected.push(name);
  const stopped = await start({ onUnexpectedExit: report('stopped') });
  const died = await start({ onUnexpectedExit: report('died') });
  await stopped.stop();
  process.kill(died.pid, 'SIGKILL');
  await died.exited;
  expect(unexpected).toEqual(['died']);
});

test('everything a service prints is in its log file, over restarts too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const logFile = join(directory, 'logs', 'tiny-1.log');
  const service = await start({ logFile });
  await service.restart();
  await service.stop();
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => line.includes('service.started'))).toEqual([false, true, false, true]);
});
