import { setTimeout as delay } from 'node:timers/promises';
import type { FaultPlan, FaultReport } from '@capstan/conomy-sandbox/faults';
import type { Circumstances } from './circumstances.ts';

/** How often each kind was inflicted, and each fault of the provider fired. */
export type Counts = Record<string, number>;

/** What happened while faults were played. */
export interface Played {
  counts: Counts;
  /** That the provider was asked. */
  calls: number;
  /** For how long its faults were on. */
  ms: number;
}

const AGAIN_MS = 100;

/** A call of a control route. The port may be shut by a fault: it is asked again until it answers. */
export async function controlSandbox<T>(
  url: string,
  route: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${url}/_sandbox/${route}`, {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        headers: { 'content-type': 'application/json' },
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    } catch (error) {
      if (error instanceof Error && /^4\d\d /.test(error.message)) throw error;
      await delay(AGAIN_MS, undefined, { signal });
    }
  }
}

/** Sets the provider up for the run. */
export async function setCircumstances(
  url: string,
  { clock, webhookForm, fills }: Circumstances,
  signal: AbortSignal,
): Promise<void> {
  await controlSandbox(url, 'config', { clock, webhook: { form: webhookForm } }, signal);
  for (const fill of fills) await controlSandbox(url, 'fill', fill, signal);
}

/** The provider's faults; each change of the rules begins their counters anew, so what fired is added up before. */
export function sandboxFaults(url: string, plan: FaultPlan, played: Played, signal: AbortSignal) {
  const call = <T>(body?: object) => controlSandbox<T>(url, 'faults', body, signal);
  const addUp = async () => {
    const { fired, calls } = await call<FaultReport>();
    const { counts } = played;
    for (const [fault, times] of Object.entries(fired)) counts[fault] = (counts[fault] ?? 0) + times;
    played.calls += calls;
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
    setClock: (aheadMs: number) => controlSandbox(url, 'config', { clock: { aheadMs } }, signal),
    end: async () => {
      await addUp();
      await call({ seed: 0, rules: [] });
    },
  };
}
