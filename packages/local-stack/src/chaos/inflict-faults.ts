import { setTimeout as delay } from 'node:timers/promises';
import type { FaultPlan, FaultReport } from '@capstan/conomy-sandbox/faults';
import type { ServiceProcess } from '../service-process.ts';
import type { Stack } from '../stack.ts';
import type { Infliction, PlannedInfliction, ServiceName } from './fault-plan.ts';

/** How often each kind was inflicted, and each fault of the provider fired. */
export type Counts = Record<string, number>;

/**
 * Carries the plan out beside the provider's faults. When it resolves, everything runs again and the provider works
 * as it should.
 */
export async function inflictFaults(
  stack: Stack,
  plan: { inflictions: readonly PlannedInfliction[]; provider: FaultPlan; seconds: number },
  signal: AbortSignal,
): Promise<Counts> {
  const startedAtMs = performance.now();
  const counts: Counts = {};
  const sandbox = sandboxFaults(stack.sandbox.url, plan.provider, counts, signal);
  const busy = createTurns();
  await sandbox.begin();
  await Promise.all(
    plan.inflictions.map(async ({ atMs, infliction }) => {
      await delay(Math.max(0, atMs - (performance.now() - startedAtMs)), undefined, { signal });
      counts[infliction.kind] = (counts[infliction.kind] ?? 0) + 1;
      await busy.inTurn(partOf(infliction), () => inflict(stack, infliction, sandbox, signal));
    }),
  );
  const restMs = plan.seconds * 1_000 - (performance.now() - startedAtMs);
  await delay(Math.max(0, restMs), undefined, { signal });
  await sandbox.end();
  return counts;
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
      return 'postgres';
    case 'storm':
      return 'sandbox';
  }
}

async function inflict(
  stack: Stack,
  infliction: Infliction,
  sandbox: ReturnType<typeof sandboxFaults>,
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

/** The provider's faults; each change of the rules begins their counters anew, so what fired is added up before. */
function sandboxFaults(url: string, plan: FaultPlan, counts: Counts, signal: AbortSignal) {
  /** The port may be shut by a fault: asked again until it answers. */
  const call = async <T>(body?: object): Promise<T> => {
    for (;;) {
      signal.throwIfAborted();
      try {
        const response = await fetch(`${url}/_sandbox/faults`, {
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
          headers: { 'content-type': 'application/json' },
        });
        if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
        return (await response.json()) as T;
      } catch (error) {
        if (error instanceof Error && /^4\d\d /.test(error.message)) throw error;
        await delay(100, undefined, { signal });
      }
    }
  };
  const addUp = async () => {
    const { fired } = await call<FaultReport>();
    for (const [fault, times] of Object.entries(fired)) counts[fault] = (counts[fault] ?? 0) + times;
  };
  let changes = 0;
  /** With the same seed the rules would repeat what they drew before the change. */
  const rulesAnew = () => {
    changes += 1;
    return { seed: `${plan.seed}-${changes}`, rules: plan.rules };
  };
  return {
    begin: () => call(rulesAnew()),
    storm: async (fault: string, forMs: number) => {
      await addUp();
      const { seed, rules } = rulesAnew();
      await call({ seed, rules: [{ operation: '*', fault, delayMs: 500 }, ...rules] });
      await delay(forMs, undefined, { signal });
      await addUp();
      await call(rulesAnew());
    },
    end: async () => {
      await addUp();
      await call({ seed: 0, rules: [] });
    },
  };
}
