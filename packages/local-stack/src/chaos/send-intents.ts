import { setTimeout as delay } from 'node:timers/promises';
import { type ApiAccess, type Asked, askOnce, askUntilAnswered } from './ask-api.ts';
import type { HistoryRecord } from './history/record.ts';
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

export interface SendContext extends ApiAccess {
  /** A payment that is not SETTLED by then is given up: its refunds stay unsent, and the verdict says where it stands. */
  settlementMsMax: number;
  /** What each client sent and heard is written down there. */
  history: HistoryRecord;
  onSent: () => void;
}

const SETTLEMENT_LOOK_MS = 500;
/** A caller looks at a command once between these, after it was accepted. */
const LOOK_AFTER_MS = [100, 4_000] as const;
const BAD_ENDS: ReadonlySet<string> = new Set(['rejected', 'canceled', 'parked']);

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

async function sendIntent({ externalId, commands }: Intent, context: SendContext): Promise<SentCommand[]> {
  const all: SentCommand[] = [];
  const meanwhile: Promise<void>[] = [];
  /** Of the first command that was accepted: the payment's. */
  let paymentKey: string | null = null;
  for (const intended of commands) {
    if (intended.after === 'settled' && !(await waitForSettlement(externalId, all, paymentKey, context)))
      break;
    const sent: SentCommand = { intended, commandIds: new Set(), refusal: null, cancel: null };
    const command = withNotAfter(intended);
    const answers = await Promise.all(
      Array.from({ length: intended.doubled ? 2 : 1 }, () =>
        sendUntilAnswered(externalId, sent, command, context),
      ),
    );
    paymentKey ??= answers[0]?.answer.command?.payment.key ?? null;
    all.push(sent);
    context.onSent();
    meanwhile.push(cancelInTime(externalId, sent, context), lookOnce(externalId, sent, context));
    // Nobody names the payment of a create that was refused.
    if (sent.refusal !== null) break;
  }
  await Promise.all(meanwhile);
  return all;
}

async function cancelInTime(externalId: string, sent: SentCommand, context: SendContext): Promise<void> {
  const { cancelAfterMs, key } = sent.intended;
  const [commandId] = sent.commandIds;
  if (cancelAfterMs === undefined || commandId === undefined) return;
  await delay(cancelAfterMs, undefined, { signal: context.signal });
  const line = { externalId, call: 'cancel', key } as const;
  const question = { method: 'POST', path: `/v1/commands/${commandId}/cancel`, body: '{}' } as const;
  const { status, answer, fromMs, untilMs } = await askUntilAnswered(question, context, (unheardMs) =>
    context.history.add({ ...line, fromMs: unheardMs, untilMs: null, told: null }),
  );
  if (status !== 200 && answer.code !== 'not_cancelable')
    throw new Error(`the cancel of ${commandId} was answered with ${status} ${answer.code}`);
  sent.cancel = status === 200 ? 'canceled' : 'too_late';
  context.history.add({ ...line, fromMs, untilMs, told: sent.cancel });
}

function withNotAfter({ command, notAfterMs }: IntendedCommand): Record<string, unknown> {
  const deadline =
    notAfterMs === undefined ? {} : { notAfter: new Date(Date.now() + notAfterMs).toISOString() };
  return { ...command, ...deadline };
}

async function sendUntilAnswered(
  externalId: string,
  sent: SentCommand,
  command: Record<string, unknown>,
  context: SendContext,
): Promise<Asked> {
  const { key } = sent.intended;
  const line = { externalId, call: 'send', key, asks: command } as const;
  const headers = { 'idempotency-key': key };
  const question = { method: 'POST', path: '/v1/commands', headers, body: JSON.stringify(command) } as const;
  const asked = await askUntilAnswered(question, context, (unheardMs) =>
    context.history.add({ ...line, fromMs: unheardMs, untilMs: null, told: null }),
  );
  const { status, answer, fromMs, untilMs } = asked;
  if (status === 202 && answer.command) sent.commandIds.add(answer.command.id);
  else sent.refusal = `${status}:${answer.code}`;
  const told =
    status === 202 && answer.command ? { id: answer.command.id } : { refused: `${status}:${answer.code}` };
  context.history.add({ ...line, fromMs, untilMs, told });
  return asked;
}

async function lookOnce(externalId: string, sent: SentCommand, context: SendContext): Promise<void> {
  await delay(context.random.whole(...LOOK_AFTER_MS), undefined, { signal: context.signal });
  await look(externalId, sent, context);
}

/** Asks how a command stands, and writes down what is told. Null when there was no answer. */
async function look(
  externalId: string,
  { intended: { key }, commandIds }: SentCommand,
  context: SendContext,
): Promise<string | null> {
  const [commandId] = commandIds;
  if (commandId === undefined) return null;
  const asked = await askOnce({ method: 'GET', path: `/v1/commands/${commandId}` }, context);
  if (asked === null) return null;
  const { answer, fromMs, untilMs } = asked;
  const told = answer.command?.status ?? null;
  context.history.add({ externalId, call: 'look', key, fromMs, untilMs, told });
  return told;
}

/** What every caller does once all is quiet: it asks for the last time how its commands stand. */
export async function lookAtAll(
  intents: readonly Intent[],
  sent: readonly SentCommand[],
  context: SendContext,
): Promise<void> {
  const externalIds = new Map(
    intents.flatMap(({ externalId, commands }) => commands.map(({ key }) => [key, externalId] as const)),
  );
  for (const each of sent) await look(externalIds.get(each.intended.key) ?? '', each, context);
}

async function waitForSettlement(
  externalId: string,
  [create]: readonly SentCommand[],
  paymentKey: string | null,
  context: SendContext,
): Promise<boolean> {
  if (create === undefined || paymentKey === null) return false;
  const until = performance.now() + context.settlementMsMax;
  while (performance.now() < until) {
    context.signal.throwIfAborted();
    const seen = await see(externalId, paymentKey, context);
    if (seen?.status === 'SETTLED') return true;
    if (seen?.final || BAD_ENDS.has((await look(externalId, create, context)) ?? '')) return false;
    await delay(SETTLEMENT_LOOK_MS, undefined, { signal: context.signal });
  }
  return false;
}

/** Asks how a payment stands, and writes down what is told. Null when there was no answer, or nothing known yet. */
async function see(
  externalId: string,
  paymentKey: string,
  context: SendContext,
): Promise<{ status: string; final: boolean } | null> {
  const asked = await askOnce({ method: 'GET', path: `/v1/payments/${paymentKey}` }, context);
  const status = asked?.answer.payment?.status;
  if (asked === null || !asked.answer.payment || typeof status !== 'string') return null;
  const { fromMs, untilMs } = asked;
  context.history.add({ externalId, call: 'see', fromMs, untilMs, told: status });
  return { status, final: asked.answer.payment.mirror.final };
}
