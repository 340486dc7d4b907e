import type { AcceptanceItem } from '@capstan/api/decide-acceptance';
import { drawIntents, type Intent } from '@capstan/local-stack/chaos/intents';
import type { Random } from '@capstan/local-stack/demo/random';
import { paymentCommand, planSteps } from '@capstan/shared/domain/payment-command';
import type { Need } from './impoliteness.ts';
import { afterCall, afterCommit, beforeCall, beforeCommit, type CallName, type Point } from './points.ts';

/** What a caller asks for, and when: milliseconds after the start. */
export interface Request {
  afterMs: number;
  asks: { kind: 'command'; item: AcceptanceItem } | { kind: 'cancel'; key: string };
}

export interface Workload {
  intents: readonly Intent[];
  requests: readonly Request[];
  /** Points it may pass that most workloads do not. */
  rarePoints: readonly Point[];
  /** What faults can act on. */
  has: ReadonlySet<Need>;
}

/** Every workload has these. */
const COMMON_CALLS: ReadonlySet<CallName> = new Set(['create', 'capture']);

const CANCEL_AGAIN_MS = [0, 5_000, 15_000, 40_000];

/** Of one seed; each seed is a run of its own, so many small ones reach more than a few large ones. */
const COMMANDS = 5;
const SECONDS = 10;

/** What the chaos runs send for this seed, by the simulated clock. */
export function createWorkload(seed: number, random: Random, startMs: number): Workload {
  const intents = drawIntents({ seed, commands: COMMANDS, seconds: SECONDS });
  const requests = intents.flatMap((intent) => requestsOf(intent, random, startMs));
  const rarePoints = new Set(requests.flatMap(rarePointsOf));
  return { intents, requests, rarePoints: [...rarePoints], has: needsMet(intents) };
}

function needsMet(intents: readonly Intent[]): ReadonlySet<Need> {
  const commands = intents.flatMap((intent) => intent.commands);
  const has = new Set<Need>(['create']);
  if (commands.some(({ command }) => command.type === 'payment.refund')) has.add('refund');
  if (commands.some(({ notAfterMs }) => notAfterMs !== undefined)) has.add('deadline');
  return has;
}

function rarePointsOf({ asks }: Request): Point[] {
  if (asks.kind === 'cancel') return [beforeCommit('an intervention'), afterCommit('an intervention')];
  const calls = planSteps(asks.item.command).filter((call) => !COMMON_CALLS.has(call));
  return calls.flatMap((call) => [beforeCall(call), afterCall(call)]);
}

function requestsOf({ atMs, commands }: Intent, random: Random, startMs: number): Request[] {
  let afterMs = atMs;
  return commands.flatMap(({ key, command, after, doubled, notAfterMs, cancelAfterMs }) => {
    // Who does not see the settlement waits a while instead; too short a while is a refusal that the caller knows of.
    afterMs += after === 'settled' ? random.whole(40_000, 300_000) : random.whole(0, 4_000);
    const notAfter =
      notAfterMs === undefined ? {} : { notAfter: new Date(startMs + afterMs + notAfterMs).toISOString() };
    const item = itemOf(key, { ...command, ...notAfter });
    // A caller that saw no answer asks again with the same key.
    const again = doubled || random.whole(0, 4) === 0;
    const asks = { kind: 'command', item } as const;
    const requests: Request[] = [{ afterMs, asks }];
    if (again) requests.push({ afterMs: afterMs + random.whole(0, 30_000), asks });
    if (cancelAfterMs !== undefined) {
      const cancel = { kind: 'cancel', key } as const;
      // Who is told that a call may be under way asks again.
      for (const laterMs of CANCEL_AGAIN_MS)
        requests.push({ afterMs: afterMs + cancelAfterMs + laterMs, asks: cancel });
    }
    return requests;
  });
}

function itemOf(idempotencyKey: string, body: object): AcceptanceItem {
  const command = paymentCommand.parse(JSON.parse(JSON.stringify(body)));
  const isCreate = command.type === 'payment.create' || command.type === 'payment-attempt.create';
  const createBody = isCreate ? JSON.stringify(command.payment) : null;
  return { idempotencyKey, command, createBody, acceptedBy: 'simulation' };
}
