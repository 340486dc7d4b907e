import { writeFileSync } from 'node:fs';
import type { FaultName } from '@capstan/conomy-sandbox/fault-catalogue';
import { type Screen, sayElapsed } from '../demo/progress.ts';
import type { QueueChoice } from '../private-queue.ts';
import type { Unrest } from './await-quiet.ts';
import type { ChaosOptions } from './chaos-options.ts';
import type { Facts } from './facts.ts';
import { checkHistory, tellHistory } from './history/check-history.ts';
import { INVARIANTS } from './invariants.ts';
import type { Played } from './sandbox-control.ts';

const SHOWN_BREACHES = 10;

/** Everything that a run's verdict is made from. */
export interface Run {
  options: ChaosOptions;
  queue: QueueChoice;
  facts: Facts;
  played: Played;
  /** The faults that the provider had on offer in this run. */
  offered: ReadonlySet<FaultName>;
  unrest: Unrest;
  /** Where everything about the run is kept. */
  runDir: string;
  startedAtMs: number;
}

/** Shows the verdict and keeps it. */
export function report(
  { options, queue, facts, played, offered, unrest, runDir, startedAtMs }: Run,
  screen: Screen,
): boolean {
  const results = [
    ...INVARIANTS.map(({ statement, check }) => ({ statement, ...check(facts) })),
    historyResult(runDir),
  ];
  const stillOpen = unrest.open + unrest.moving + unrest.deliveries;
  screen.write('\n');
  if (stillOpen > 0) screen.write(`✗ it did not become quiet: ${JSON.stringify(unrest)}\n`);
  for (const { statement, count, breaches } of results) {
    screen.write(`${breaches.length === 0 ? '✓' : '✗'} ${count} ${statement}\n`);
    for (const breach of breaches.slice(0, SHOWN_BREACHES)) screen.write(`    ${breach}\n`);
    if (breaches.length > SHOWN_BREACHES) screen.write(`    and ${breaches.length - SHOWN_BREACHES} more\n`);
  }
  const { counts, calls, ms } = played;
  const never = [...offered].filter((fault) => !counts[fault]);
  const fired = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  const ends = Object.entries(Object.groupBy(facts.commands, ({ status }) => status)).map(
    ([status, all]) => `${all?.length} ${status}`,
  );
  screen.write(`\nCommands: ${ends.join(', ')}\n`);
  screen.write(`Faults:   ${fired.map(([fault, times]) => `${fault} ${times}`).join(', ')}\n`);
  const seconds = ms / 1_000;
  screen.write(
    `Calls:    ${calls} while they were played, ${(calls / seconds).toFixed(1)} per second over ${seconds.toFixed(0)} s\n`,
  );
  if (never.length > 0) screen.write(`Never fired in this run: ${never.join(', ')}\n`);
  const isGreen = stillOpen === 0 && results.every(({ breaches }) => breaches.length === 0);
  const { commands, seed, webhooks } = options;
  const replay = `pnpm chaos --seconds ${options.seconds} --commands ${commands} --seed ${seed} --queue ${queue.kind}${webhooks ? '' : ' --no-webhooks'}`;
  screen.write(
    `\n${isGreen ? 'Every invariant holds' : 'BROKEN'} (seed ${seed}, ${queue.kind}, ${sayElapsed(startedAtMs).trim()}). Again: ${replay}\n`,
  );
  const summary = { ...options, queue: queue.kind, isGreen, unrest, ...played, results };
  writeFileSync(`${runDir}/result.json`, asFile(summary));
  // What the tables and the ledger said, for whoever has to find out why.
  if (!isGreen) writeFileSync(`${runDir}/facts.json`, asFile(facts));
  return isGreen;
}

/** What clients were told, held against the provider's ledger alone. */
function historyResult(runDir: string) {
  const { count, unexplained } = checkHistory(runDir);
  const [shortest, ...others] = unexplained;
  return {
    statement: 'histories of payments can be explained by some order of their calls',
    count,
    breaches: [
      ...(shortest === undefined ? [] : tellHistory(shortest)),
      ...others.map(({ externalId, operations }) => `${externalId}: nor of ${operations.length} of its own`),
    ],
  };
}

function asFile(value: object): string {
  return `${JSON.stringify(value, (_, each) => (each instanceof Set ? [...each] : each), 2)}\n`;
}
