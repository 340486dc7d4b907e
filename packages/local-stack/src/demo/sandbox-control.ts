import type { FaultReport, FaultRule } from '@capstan/conomy-sandbox/faults';
import type { Ledger } from '@capstan/conomy-sandbox/ledger';

/** What goes wrong with `--faults`; the five kinds the sandbox knows. */
const FAULT_RULES: readonly FaultRule[] = [
  ...(['create', 'authorize', 'capture', 'attempt'] as const).flatMap((operation): FaultRule[] => [
    { operation, fault: 'commit-then-timeout', probability: 0.04 },
    { operation, fault: '500', probability: 0.04 },
    { operation, fault: '429', probability: 0.04 },
  ]),
  // No 500: what a refund may have done and cannot be found is never sent again, it waits for a person.
  { operation: 'refund', fault: 'commit-then-timeout', probability: 0.04 },
  { operation: 'refund', fault: '429', probability: 0.04 },
  { operation: 'webhook', fault: 'webhook-drop', probability: 0.2 },
  { operation: 'webhook', fault: 'webhook-duplicate', probability: 0.2 },
];

/** The sandbox's side door: what really happened there, and what is to go wrong. */
export interface SandboxControl {
  readLedger(): Promise<Ledger>;
  /** From now on calls and webhooks go wrong, as `seed` draws it. */
  startFaults(seed: number): Promise<void>;
  readFaults(): Promise<FaultReport>;
}

export function createSandboxControl(url: string, signal: AbortSignal): SandboxControl {
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${url}/_sandbox/${path}`, {
      ...sent,
      headers: { 'content-type': 'application/json' },
      signal,
    });
    if (response.ok) return (await response.json()) as T;
    throw new Error(`The sandbox refused /_sandbox/${path} (${response.status}): ${await response.text()}`);
  };
  return {
    readLedger: () => call<Ledger>('ledger'),
    startFaults: async (seed) => {
      await call('faults', { seed, rules: FAULT_RULES });
    },
    readFaults: () => call<FaultReport>('faults'),
  };
}
