import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../demo/random.ts';
import type { IntendedCommand, Intent } from './intents.ts';

/** What upstream was told about one command; the first answer that counts is kept. */
export interface SentCommand {
  intended: IntendedCommand;
  /** Ids that 202 answers named for its key; more than one is a breach. */
  commandIds: Set<string>;
  /** The status and code of a refusal. */
  refusal: string | null;
  /** What its caller was told to the cancel: it is canceled, or it is too late. Null when nobody asked. */
  cancel: 'canceled' | 'too_late' | null;
}

export interface SendContext {
  apiUrls: readonly string[];
  apiKey: string;
  /** Asked before a refund is sent: whether the payment is SETTLED, or will never be. */
  settlementOf: (externalId: string) => Promise<'settled' | 'open' | 'never'>;
  /** A payment that is not SETTLED by then is given up: its refunds stay unsent, and the verdict says where it stands. */
  settlementMsMax: number;
  random: Random;
  signal: AbortSignal;
  onSent: () => void;
}

const AGAIN_MS = 300;
const SETTLEMENT_LOOK_MS = 500;

/** Sends each intent at its time, as a good upstream does: again with the same key until there is an answer. */
export async function sendIntents(intents: readonly Intent[], context: SendContext): Promise<SentCommand[]> {
  const startedAtMs = performance.now();
  const sent = await Promise.all(
    intents.map(async (intent) => {
      await delay(Math.max(0, intent.atMs - (performance.now() - startedAtMs)), undefined, {
        signal: context.signal,
      });
      return sendIntent(intent, context);
    }),
  );
  return sent.flat();
}

async function sendIntent(intent: Intent, context: SendContext): Promise<SentCommand[]> {
  const all: SentCommand[] = [];
  const cancels: Promise<void>[] = [];
  for (const intended of intent.commands) {
    if (intended.after === 'settled' && !(await waitForSettlement(intent.externalId, context))) break;
    const sent: SentCommand = { intended, commandIds: new Set(), refusal: null, cancel: null };
    const body = withNotAfter(intended);
    await Promise.all(
      Array.from({ length: intended.doubled ? 2 : 1 }, () => sendUntilAnswered(sent, body, context)),
    );
    all.push(sent);
    context.onSent();
    cancels.push(cancelInTime(sent, context));
    // Nobody names the payment of a create that was refused.
    if (sent.refusal !== null) break;
  }
  await Promise.all(cancels);
  return all;
}

async function cancelInTime(sent: SentCommand, context: SendContext): Promise<void> {
  const { cancelAfterMs } = sent.intended;
  const [commandId] = sent.commandIds;
  if (cancelAfterMs === undefined || commandId === undefined) return;
  await delay(cancelAfterMs, undefined, { signal: context.signal });
  const { status, answer } = await askUntilAnswered(`/v1/commands/${commandId}/cancel`, '{}', {}, context);
  if (status !== 200 && answer.code !== 'not_cancelable')
    throw new Error(`the cancel of ${commandId} was answered with ${status} ${answer.code}`);
  sent.cancel = status === 200 ? 'canceled' : 'too_late';
}

function withNotAfter({ command, notAfterMs }: IntendedCommand): string {
  const deadline =
    notAfterMs === undefined ? {} : { notAfter: new Date(Date.now() + notAfterMs).toISOString() };
  return JSON.stringify({ ...command, ...deadline });
}

async function sendUntilAnswered(sent: SentCommand, body: string, context: SendContext): Promise<void> {
  const headers = { 'idempotency-key': sent.intended.key };
  const { status, answer } = await askUntilAnswered('/v1/commands', body, headers, context);
  if (status === 202 && answer.command) sent.commandIds.add(answer.command.id);
  else sent.refusal = `${status}:${answer.code}`;
}

interface Answered {
  status: number;
  answer: { command?: { id: string }; code?: string };
}

async function askUntilAnswered(
  path: string,
  body: string,
  headers: Record<string, string>,
  context: SendContext,
): Promise<Answered> {
  for (;;) {
    context.signal.throwIfAborted();
    const answered = await askOnce(path, body, headers, context);
    if (answered !== null) return answered;
    await delay(AGAIN_MS, undefined, { signal: context.signal });
  }
}

/** Null when there was no answer that counts: no connection, a cut one, or "try again". */
async function askOnce(
  path: string,
  body: string,
  headers: Record<string, string>,
  { apiUrls, apiKey, random }: SendContext,
): Promise<Answered | null> {
  try {
    const response = await fetch(`${random.pick(apiUrls)}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      body,
      signal: AbortSignal.timeout(10_000),
    });
    const answer = (await response.json()) as Answered['answer'];
    const { status } = response;
    return status >= 500 || status === 429 ? null : { status, answer };
  } catch {
    return null;
  }
}

async function waitForSettlement(externalId: string, context: SendContext): Promise<boolean> {
  const until = performance.now() + context.settlementMsMax;
  while (performance.now() < until) {
    context.signal.throwIfAborted();
    const settlement = await context.settlementOf(externalId).catch(() => 'open' as const);
    if (settlement !== 'open') return settlement === 'settled';
    await delay(SETTLEMENT_LOOK_MS, undefined, { signal: context.signal });
  }
  return false;
}
