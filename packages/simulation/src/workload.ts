import type { AcceptanceItem } from '@capstan/api/decide-acceptance';
import { drawIntents, type Intent } from '@capstan/local-stack/chaos/intents';
import type { Random } from '@capstan/local-stack/demo/random';
import { paymentCommand } from '@capstan/shared/domain/payment-command';
import type { CallName } from './points.ts';

/** A command that a caller hands in, and when: milliseconds after the start. */
export interface Request {
  afterMs: number;
  item: AcceptanceItem;
}

export interface Workload {
  intents: readonly Intent[];
  requests: readonly Request[];
  /** Calls it makes that are not in most workloads. */
  rareCalls: readonly CallName[];
}

const RARE_CALLS: Partial<Record<string, CallName>> = {
  'payment.refund': 'refund',
  'payment-attempt.create': 'create_attempt',
  'payment.submit-document': 'submit_document',
};

/** Of one seed; each seed is a run of its own, so many small ones reach more than a few large ones. */
const COMMANDS = 5;
const SECONDS = 10;

/** What the chaos runs send for this seed, by the simulated clock. */
export function createWorkload(seed: number, random: Random, startMs: number): Workload {
  const intents = drawIntents({ seed, commands: COMMANDS, seconds: SECONDS });
  const requests = intents.flatMap((intent) => requestsOf(intent, random, startMs));
  const rareCalls = new Set(requests.flatMap(({ item }) => RARE_CALLS[item.command.type] ?? []));
  return { intents, requests, rareCalls: [...rareCalls] };
}

function requestsOf({ atMs, commands }: Intent, random: Random, startMs: number): Request[] {
  let afterMs = atMs;
  return commands.flatMap(({ key, command, after, doubled, notAfterMs }) => {
    // Who does not see the settlement waits a while instead; too short a while is a refusal that the caller knows of.
    afterMs += after === 'settled' ? random.whole(40_000, 300_000) : random.whole(0, 4_000);
    const notAfter =
      notAfterMs === undefined ? {} : { notAfter: new Date(startMs + afterMs + notAfterMs).toISOString() };
    const item = itemOf(key, { ...command, ...notAfter });
    // A caller that saw no answer asks again with the same key.
    const again = doubled || random.whole(0, 4) === 0;
    return [{ afterMs, item }, ...(again ? [{ afterMs: afterMs + random.whole(0, 30_000), item }] : [])];
  });
}

function itemOf(idempotencyKey: string, body: object): AcceptanceItem {
  const command = paymentCommand.parse(JSON.parse(JSON.stringify(body)));
  const isCreate = command.type === 'payment.create' || command.type === 'payment-attempt.create';
  const createBody = isCreate ? JSON.stringify(command.payment) : null;
  return { idempotencyKey, command, createBody, acceptedBy: 'simulation' };
}
