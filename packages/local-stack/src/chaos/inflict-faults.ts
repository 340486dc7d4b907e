import { setTimeout as delay } from 'node:timers/promises';
import type { FaultPlan } from '@capstan/conomy-sandbox/faults';
import type { ServiceProcess } from '../service-process.ts';
import type { Stack } from '../stack.ts';
import { shareEnded } from './await-quiet.ts';
import { createDatabaseClock, type DatabaseClock } from './database-clock.ts';
import type { Infliction, PlannedInfliction, ServiceName } from './fault-plan.ts';
import { type Played, sandboxFaults } from './sandbox-control.ts';

/** What the breaker and the rate held back meets the provider's faults all the same: they stay until so much has ended. */
const MOST_ENDED = 0.8;
const LINGER_MS_MAX = 45_000;
const LINGER_LOOK_MS = 500;

/**
 * Carries the plan out beside the provider's faults, which outlast it until most commands have ended. When it resolves,
 * everything runs again and the provider works as it should.
 */
export async function inflictFaults(
  stack: Stack,
  plan: { inflictions: readonly PlannedInfliction[]; provider: FaultPlan; seconds: number },
  signal: AbortSignal,
): Promise<Played> {
  const startedAtMs = performance.now();
  const played: Played = { counts: {}, calls: 0, ms: 0 };
  const { counts } = played;
  const sandbox = sandboxFaults(stack.sandbox.url, plan.provider, played, signal);
  const tools = { sandbox, databaseClock: createDatabaseClock(stack.databaseUrl, signal) };
  const busy = createTurns();
  await sandbox.begin();
  await Promise.all(
    plan.inflictions.map(async ({ atMs, infliction }) => {
      await delay(Math.max(0, atMs - (performance.now() - startedAtMs)), undefined, { signal });
      counts[infliction.kind] = (counts[infliction.kind] ?? 0) + 1;
      await busy.inTurn(partOf(infliction), () => inflict(stack, infliction, tools, signal));
    }),
  );
  const plannedMs = plan.seconds * 1_000;
  const ageMs = () => performance.now() - startedAtMs;
  await delay(Math.max(0, plannedMs - ageMs()), undefined, { signal });
  while (ageMs() < plannedMs + LINGER_MS_MAX && (await shareEnded(stack.databaseUrl)) < MOST_ENDED)
    await delay(LINGER_LOOK_MS, undefined, { signal });
  await sandbox.end();
  return { ...played, ms: performance.now() - startedAtMs };
}

/** Two inflictions of one part wait for each other: what is down cannot be killed. */
function partOf(infliction: Infliction): string {
  switch (infliction.kind) {
    case 'kill':
    case 'stop':
      return `${infliction.service.part}-${infliction.service.index}`;
    case 'flush':
    case 'kill-redis':
      return 'queue';
    case 'kill-postgres':
    case 'step-database-clock':
      return 'postgres';
    case 'storm':
    case 'set-provider-clock':
      return 'sandbox';
  }
}

async function inflict(
  stack: Stack,
  infliction: Infliction,
  { sandbox, databaseClock }: { sandbox: ReturnType<typeof sandboxFaults>; databaseClock: DatabaseClock },
  signal: AbortSignal,
): Promise<void> {
  switch (infliction.kind) {
    case 'kill': {
      const service = serviceOf(stack, infliction.service);
      await service.kill('SIGKILL');
      await delay(infliction.downMs, undefined, { signal });
      return restartSurely(service, signal);
    }
    case 'stop': {
      const { pid } = serviceOf(stack, infliction.service);
      process.kill(pid, 'SIGSTOP');
      await delay(infliction.downMs, undefined, { signal }).finally(() => process.kill(pid, 'SIGCONT'));
      return;
    }
    case 'flush':
      // The queue may be down at this moment: then there is nothing to empty.
      return stack.queue.flush().catch(() => {});
    case 'kill-redis':
      await stack.queue.kill?.('SIGKILL');
      await delay(infliction.downMs, undefined, { signal });
      return stack.queue.restart?.();
    case 'kill-postgres':
      // Immediate shutdown: every session is cut, and the next start recovers from the log.
      await stack.postgres?.kill('SIGQUIT');
      await delay(infliction.downMs, undefined, { signal });
      return stack.postgres?.restart();
    case 'storm':
      return sandbox.storm(infliction.fault, infliction.forMs);
    case 'step-database-clock': {
      const { stepMs, forMs } = infliction;
      await databaseClock.step(stepMs);
      if (forMs === null) return;
      await delay(forMs, undefined, { signal });
      return databaseClock.step(-stepMs);
    }
    case 'set-provider-clock':
      await sandbox.setClock(infliction.aheadMs);
      return;
  }
}

/** A start may meet PostgreSQL at the moment it goes down; a supervisor would start the service again. */
async function restartSurely(service: ServiceProcess, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await service.restart();
    } catch {
      await delay(500, undefined, { signal });
    }
  }
}

function serviceOf(stack: Stack, { part, index }: ServiceName): ServiceProcess {
  const service = stack[part][index];
  if (!service) throw new Error(`there is no ${part}[${index}] to fail`);
  return service;
}

/** Keeps the work of each part one after the other. */
function createTurns() {
  const last = new Map<string, Promise<void>>();
  return {
    inTurn: (part: string, work: () => Promise<void>): Promise<void> => {
      const turn = (last.get(part) ?? Promise.resolve()).then(work);
      last.set(part, turn);
      return turn;
    },
  };
}
