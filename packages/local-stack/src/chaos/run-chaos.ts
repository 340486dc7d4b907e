import { rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAULT_NAMES } from '@capstan/conomy-sandbox/fault-catalogue';
import type { Ledger } from '@capstan/conomy-sandbox/ledger';
import pg from 'pg';
import { type Screen, sayElapsed } from '../demo/progress.ts';
import { createRandom } from '../demo/random.ts';
import { chooseQueue, type QueueChoice } from '../private-queue.ts';
import type { Stack, StackOptions } from '../stack.ts';
import { writeStackFile } from '../stack-file.ts';
import { startStack } from '../start-stack.ts';
import { awaitQuiet, type Unrest } from './await-quiet.ts';
import type { ChaosOptions } from './chaos-options.ts';
import { type Facts, findLeaks, readDatabaseFacts } from './facts.ts';
import { drawInflictions, providerFaults } from './fault-plan.ts';
import { type Counts, inflictFaults } from './inflict-faults.ts';
import { drawIntents, type Intent } from './intents.ts';
import { INVARIANTS } from './invariants.ts';
import { liftPauses, redriveParked } from './operate.ts';
import { type SentCommand, sendIntents } from './send-intents.ts';

const LOCAL = fileURLToPath(new URL('../../../../.local', import.meta.url));

/** Short waits, in the proportions of the real ones, so that a run shows in a minute what takes ten otherwise. */
const CONOMY = { CONOMY_CALL_TIMEOUT_MS: '1000', CONOMY_CONNECT_TIMEOUT_MS: '500' };
const ENV: StackOptions['env'] = {
  api: CONOMY,
  capturer: { ...CONOMY, ABSENCE_SPAN_MS: '4000', CAPTURER_CONCURRENCY: '8' },
  reconciler: { ...CONOMY, RECONCILER_CONCURRENCY: '5', RELAY_INTERVAL_MS: '300' },
};
const QUIET_MS_MAX = 240_000;
const SHOWN_BREACHES = 10;

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
  const intents = drawIntents(options);
  const count = intents.reduce((sum, { commands }) => sum + commands.length, 0);
  const runDir = `${LOCAL}/chaos/${queue.kind}-${options.seed}`;
  rmSync(runDir, { recursive: true, force: true });
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
    const { sent, counts } = await sendThroughFaults(stack, intents, options, queue, say, interrupt);
    say('everything was sent and everything runs again; waiting for quiet');
    const first = await waitForQuiet(stack, say, interrupt);
    const redriven = await redriveParked(stack);
    say(`an operator put ${redriven} parked commands back to work`);
    const unrest = redriven > 0 ? await waitForQuiet(stack, say, interrupt) : first;
    const ledger = (await (await fetch(`${stack.sandbox.url}/_sandbox/ledger`)).json()) as Ledger;
    const facts: Facts = {
      intents,
      sent,
      ...(await readDatabaseFacts(stack.databaseUrl)),
      ledger,
      lostParts,
      leaks: findLeaks(logsOf(stack), secretsOf(stack)),
    };
    return report({ options, queue, facts, counts, unrest, runDir, startedAtMs }, screen);
  } finally {
    removeStackFile();
    await stack.stop();
  }
}

/** A fault that is still being inflicted may hold the last answers back, so both are waited for. */
async function sendThroughFaults(
  stack: Stack,
  intents: readonly Intent[],
  options: ChaosOptions,
  queue: QueueChoice,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<{ sent: SentCommand[]; counts: Counts }> {
  let sentCount = 0;
  const showing = setInterval(() => say(`${sentCount} commands answered`), 5_000);
  const plan = {
    inflictions: drawInflictions(options.seed, options.seconds, queue.kind),
    provider: providerFaults(options.seed),
    seconds: options.seconds,
  };
  try {
    if (!options.webhooks) await sendNoWebhooks(stack);
    const sending = sendIntents(intents, {
      apiUrls: stack.apis.map(({ url }) => url),
      apiKey: stack.info.apiKey,
      // What piles up while the provider is in trouble takes as long again to be worked off.
      settlementMsMax: 150_000 + options.seconds * 1_000,
      settlementOf: (externalId) => settlementOf(stack, externalId),
      random: createRandom(options.seed ^ 0xa91),
      signal,
      onSent: () => {
        sentCount += 1;
      },
    });
    const inflicting = inflictFaults(stack, plan, signal).then(async (counts) => {
      await liftPauses(stack);
      return counts;
    });
    const [sent, counts] = await Promise.all([sending, inflicting]);
    return { sent, counts };
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

/** As an upstream system sees it that looks into the database: PostgreSQL may be down, then it is not known. */
async function settlementOf(stack: Stack, externalId: string): Promise<'settled' | 'open' | 'never'> {
  const client = new pg.Client({ connectionString: stack.databaseUrl, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ status: string | null; final: boolean; ended: boolean }>(
      `select p.status, p.final, c.status in ('rejected', 'canceled', 'parked') as ended
       from payments p join commands c on c.payment_key = p.key
       where p.external_id = $1 order by c.position limit 1`,
      [externalId],
    );
    const [row] = rows;
    if (row?.status === 'SETTLED') return 'settled';
    return row?.final || row?.ended ? 'never' : 'open';
  } finally {
    await client.end().catch(() => {});
  }
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

interface Run {
  options: ChaosOptions;
  queue: QueueChoice;
  facts: Facts;
  counts: Counts;
  unrest: Unrest;
  /** Where everything about the run is kept. */
  runDir: string;
  startedAtMs: number;
}

function report(
  { options, queue, facts, counts, unrest, runDir, startedAtMs }: Run,
  screen: Screen,
): boolean {
  const results = INVARIANTS.map(({ statement, check }) => ({ statement, ...check(facts) }));
  const stillOpen = unrest.open + unrest.moving + unrest.deliveries;
  screen.write('\n');
  if (stillOpen > 0) screen.write(`✗ it did not become quiet: ${JSON.stringify(unrest)}\n`);
  for (const { statement, count, breaches } of results) {
    screen.write(`${breaches.length === 0 ? '✓' : '✗'} ${count} ${statement}\n`);
    for (const breach of breaches.slice(0, SHOWN_BREACHES)) screen.write(`    ${breach}\n`);
    if (breaches.length > SHOWN_BREACHES) screen.write(`    and ${breaches.length - SHOWN_BREACHES} more\n`);
  }
  const never = FAULT_NAMES.filter((fault) => !counts[fault]);
  const fired = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  const ends = Object.entries(Object.groupBy(facts.commands, ({ status }) => status)).map(
    ([status, all]) => `${all?.length} ${status}`,
  );
  screen.write(`\nCommands: ${ends.join(', ')}\n`);
  screen.write(`Faults:   ${fired.map(([fault, times]) => `${fault} ${times}`).join(', ')}\n`);
  if (never.length > 0) screen.write(`Never fired in this run: ${never.join(', ')}\n`);
  const isGreen = stillOpen === 0 && results.every(({ breaches }) => breaches.length === 0);
  const { seconds, commands, seed, webhooks } = options;
  const replay = `pnpm chaos --seconds ${seconds} --commands ${commands} --seed ${seed} --queue ${queue.kind}${webhooks ? '' : ' --no-webhooks'}`;
  screen.write(
    `\n${isGreen ? 'Every invariant holds' : 'BROKEN'} (seed ${seed}, ${queue.kind}, ${sayElapsed(startedAtMs).trim()}). Again: ${replay}\n`,
  );
  const summary = { ...options, queue: queue.kind, isGreen, unrest, counts, results };
  writeFileSync(`${runDir}/result.json`, asFile(summary));
  // What the tables and the ledger said, for whoever has to find out why.
  if (!isGreen) writeFileSync(`${runDir}/facts.json`, asFile(facts));
  return isGreen;
}

function asFile(value: object): string {
  return `${JSON.stringify(value, (_, each) => (each instanceof Set ? [...each] : each), 2)}\n`;
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
