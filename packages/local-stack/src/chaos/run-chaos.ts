import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ledger } from '@capstan/conomy-sandbox/ledger';
import { type Screen, sayElapsed } from '../demo/progress.ts';
import { createRandom } from '../demo/random.ts';
import { chooseQueue, type QueueChoice } from '../private-queue.ts';
import type { Stack, StackOptions } from '../stack.ts';
import { writeStackFile } from '../stack-file.ts';
import { startStack } from '../start-stack.ts';
import { awaitQuiet, type Unrest } from './await-quiet.ts';
import type { ChaosOptions } from './chaos-options.ts';
import { drawCircumstances } from './circumstances.ts';
import { type Facts, findLeaks, readDatabaseFacts } from './facts.ts';
import { drawDatabaseClockSteps, drawInflictions, drawProviderClockSteps } from './fault-plan.ts';
import { createHistoryRecord, type HistoryRecord, LEDGER_FILE } from './history/record.ts';
import { inflictFaults } from './inflict-faults.ts';
import type { Intent } from './intents.ts';
import { liftPauses, redriveParked } from './operate.ts';
import { providerFaults } from './provider-faults.ts';
import { report } from './report.ts';
import { controlSandbox, type Played, setCircumstances } from './sandbox-control.ts';
import { lookAtAll, type SendContext, type SentCommand, sendIntents } from './send-intents.ts';
import { drawWorkload } from './workload.ts';

const LOCAL = fileURLToPath(new URL('../../../../.local', import.meta.url));

/** Short waits, in the proportions of the real ones, so that a run shows in a minute what takes ten otherwise. */
const CONOMY = { CONOMY_CALL_TIMEOUT_MS: '1000', CONOMY_CONNECT_TIMEOUT_MS: '500' };
const ENV: StackOptions['env'] = {
  api: CONOMY,
  capturer: {
    ...CONOMY,
    ABSENCE_SPAN_MS: '4000',
    // A walk over the rows of two days takes half a minute on a busy machine, and absence takes several.
    UNKNOWN_MS_MAX: '120000',
    REFUND_UNREADABLE_MS: '10000',
    CAPTURER_CONCURRENCY: '8',
  },
  reconciler: { ...CONOMY, RECONCILER_CONCURRENCY: '5', RELAY_INTERVAL_MS: '300' },
};
/** Four times the wait after which a person decides about a lost create: a machine may be busy. */
const QUIET_MS_MAX = 480_000;

/**
 * One run, from nothing running to nothing running.
 * @returns whether every invariant holds.
 * @throws when it could not be carried through; everything started is stopped by then.
 */
export async function runChaos(
  options: ChaosOptions,
  screen: Screen,
  interrupt: AbortSignal,
): Promise<boolean> {
  const startedAtMs = performance.now();
  const say = (text: string) => screen.write(`${sayElapsed(startedAtMs)}  ${text}\n`);
  const queue = queueOf(options);
  const intents = drawWorkload(options);
  const count = intents.reduce((sum, { commands }) => sum + commands.length, 0);
  const runDir = `${LOCAL}/chaos/${queue.kind}-${options.seed}`;
  rmSync(runDir, { recursive: true, force: true });
  mkdirSync(runDir, { recursive: true });
  screen.write(introduce(options, queue, count, runDir));
  const lostParts: string[] = [];
  const stack = await startStack({
    api: 2,
    capturers: 3,
    reconcilers: 2,
    queue,
    env: ENV,
    durability: 'fast',
    postgresSettings: { max_connections: '500' },
    logDir: `${runDir}/logs`,
    onUnexpectedExit: ({ name, exit }) => lostParts.push(`${name} ended with ${exit.signal ?? exit.code}`),
    signal: interrupt,
  });
  const removeStackFile = writeStackFile(`${LOCAL}/stack.json`, stack.info);
  try {
    say('everything runs; commands and faults begin');
    const provider = providerFaults(options.seed);
    const inflictions = inflictionsOf(options, queue);
    const plan = { provider, inflictions, seconds: options.seconds };
    const databaseClockSteps = inflictions.some(({ infliction: { kind } }) => kind === 'step-database-clock');
    const history = createHistoryRecord(runDir, { databaseClockSteps });
    const clients = clientsOf(stack, options, history, interrupt);
    const { sent, played } = await sendThroughFaults(stack, intents, clients, plan, options, say);
    say('everything was sent and everything runs again; waiting for quiet');
    const first = await waitForQuiet(stack, say, interrupt);
    const redriven = await redriveParked(stack);
    say(`an operator put ${redriven} parked commands back to work`);
    const unrest = redriven > 0 ? await waitForQuiet(stack, say, interrupt) : first;
    await lookAtAll(intents, sent, clients);
    const ledger = await controlSandbox<Ledger>(stack.sandbox.url, 'ledger', undefined, interrupt);
    writeFileSync(`${runDir}/${LEDGER_FILE}`, JSON.stringify(ledger));
    const facts: Facts = {
      intents,
      sent,
      ...(await readDatabaseFacts(stack.databaseUrl)),
      ledger,
      lostParts,
      leaks: findLeaks(logsOf(stack), secretsOf(stack)),
    };
    const offered = new Set(provider.rules.map(({ fault }) => fault));
    return report({ options, queue, facts, played, offered, unrest, runDir, startedAtMs }, screen);
  } finally {
    removeStackFile();
    await stack.stop();
  }
}

function inflictionsOf({ seed, seconds }: ChaosOptions, queue: QueueChoice) {
  return [
    ...drawInflictions(seed, seconds, queue.kind),
    ...drawDatabaseClockSteps(seed, seconds),
    ...drawProviderClockSteps(seed, seconds),
  ];
}

function clientsOf(
  stack: Stack,
  { seed, seconds }: ChaosOptions,
  history: HistoryRecord,
  signal: AbortSignal,
): SendContext {
  return {
    apiUrls: stack.apis.map(({ url }) => url),
    apiKey: stack.info.apiKey,
    // What piles up while the provider is in trouble takes as long again to be worked off.
    settlementMsMax: 150_000 + seconds * 1_000,
    random: createRandom(seed ^ 0xa91),
    history,
    signal,
    onSent: () => {},
  };
}

/** A fault that is still being inflicted may hold the last answers back, so both are waited for. */
async function sendThroughFaults(
  stack: Stack,
  intents: readonly Intent[],
  clients: SendContext,
  plan: Parameters<typeof inflictFaults>[1],
  options: ChaosOptions,
  say: (text: string) => void,
): Promise<{ sent: SentCommand[]; played: Played }> {
  const { signal } = clients;
  let sentCount = 0;
  const onSent = () => {
    sentCount += 1;
  };
  const showing = setInterval(() => say(`${sentCount} commands answered`), 5_000);
  try {
    await setCircumstances(stack.sandbox.url, drawCircumstances(options.seed, Date.now()), signal);
    if (!options.webhooks) await sendNoWebhooks(stack);
    const sending = sendIntents(intents, { ...clients, onSent });
    const inflicting = inflictFaults(stack, plan, signal).then(async (played) => {
      await liftPauses(stack);
      return played;
    });
    const [sent, played] = await Promise.all([sending, inflicting]);
    return { sent, played };
  } finally {
    clearInterval(showing);
  }
}

async function sendNoWebhooks({ sandbox }: Stack): Promise<void> {
  const response = await fetch(`${sandbox.url}/_sandbox/config`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ webhook: { url: '' } }),
  });
  if (!response.ok) throw new Error(`the sandbox goes on sending webhooks: ${response.status}`);
}

async function waitForQuiet(stack: Stack, say: (text: string) => void, signal: AbortSignal): Promise<Unrest> {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  const show = ({ open, moving, deliveries }: Unrest) => {
    if (performance.now() - shownAtMs < 5_000) return;
    shownAtMs = performance.now();
    say(`${open} commands open, ${moving} payments on their way, ${deliveries} deliveries to apply`);
  };
  return awaitQuiet(stack.databaseUrl, QUIET_MS_MAX, show, signal);
}

function queueOf({ queue }: ChaosOptions): QueueChoice {
  return chooseQueue(queue === null ? process.env : { ...process.env, CAPSTAN_QUEUE: queue });
}

function introduce(
  { seconds, seed }: ChaosOptions,
  queue: QueueChoice,
  count: number,
  runDir: string,
): string {
  return `Capstan chaos: ${count} commands in ${seconds} s on 2 api, 3 capturers and 2 reconcilers, queue ${queue.kind}, seed ${seed}.
Waits are short here: a call ends after 1 s, absence takes 3 reads over 4 s. The same seed makes the same workload
and the same faults; how the processes interleave differs. Result and logs: ${relative(process.cwd(), runDir)}

`;
}

function logsOf({ apis, capturers, reconcilers, sandbox }: Stack): string[] {
  return [...apis, ...capturers, ...reconcilers, sandbox].flatMap(({ logFile }) => logFile ?? []);
}

function secretsOf({ info }: Stack): Record<string, string> {
  return {
    'an API key': info.apiKey,
    "Conomy's API key": info.conomy.apiKey,
    'the client secret': info.conomy.clientSecret,
    'the webhook secret': info.webhookSecret,
    'the admin password': info.admin.password,
    'a bearer token': 'Bearer ',
  };
}
