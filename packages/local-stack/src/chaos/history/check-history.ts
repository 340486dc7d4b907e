import { existsSync, readFileSync } from 'node:fs';
import type { Ledger } from '@capstan/conomy-sandbox/ledger';
import { findUnexplained } from './explain.ts';
import type { Act, Operation } from './operation.ts';
import { readHistories } from './read-histories.ts';
import { HISTORY_FILE, LEDGER_FILE, type Line, type RunLine } from './record.ts';

export interface HistoryVerdict {
  /** Payments that were held against their history. */
  count: number;
  /** Of each payment whose history no order of its calls explains: the shortest part of it, the shortest first. */
  unexplained: { externalId: string; operations: readonly Operation[] }[];
}

/** Holds what the clients of a run were told against what the provider really did, by the two files of its directory. */
export function checkHistory(runDir: string): HistoryVerdict {
  const file = `${runDir}/${HISTORY_FILE}`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line | RunLine]));
  const ledger = JSON.parse(readFileSync(`${runDir}/${LEDGER_FILE}`, 'utf8')) as Ledger;
  const histories = readHistories(lines, ledger);
  const unexplained = histories.flatMap(({ externalId, operations }) => {
    const shortest = findUnexplained(operations);
    return shortest === null ? [] : [{ externalId, operations: shortest }];
  });
  return {
    count: histories.length,
    unexplained: unexplained.sort((a, b) => a.operations.length - b.operations.length),
  };
}

/** A history as lines to read, its instants in seconds from its beginning. */
export function tellHistory({ externalId, operations }: HistoryVerdict['unexplained'][number]): string[] {
  const startMs = operations[0]?.fromMs ?? 0;
  const seconds = (ms: number) => ((ms - startMs) / 1_000).toFixed(3);
  return [
    `${externalId}: no order of these explains the last of them`,
    ...operations
      .toSorted((a, b) => (a.untilMs ?? Number.POSITIVE_INFINITY) - (b.untilMs ?? Number.POSITIVE_INFINITY))
      .map(({ fromMs, untilMs, act }) => {
        const end = untilMs === null ? 'never heard' : seconds(untilMs);
        return `  ${seconds(fromMs)} – ${end}  ${tellAct(act)}`;
      }),
  ];
}

function tellAct(act: Act): string {
  switch (act.kind) {
    case 'send':
      return `sends ${act.key} (${act.asks.type}${act.asks.amount === null ? '' : `, ${act.asks.amount}`}): ${tellTold(act.told)}`;
    case 'look':
      return `asks for ${act.key}: ${act.told ?? 'nobody knows it'}`;
    case 'cancel':
      return `cancels ${act.key}: ${act.told ?? 'no answer'}`;
    case 'see':
      return `asks for the payment: ${act.told}`;
    case 'move':
      return `at the provider it becomes ${act.status}`;
    case 'effect': {
      const whose = act.own ? (act.asAsked ? '' : ', otherwise than asked') : ', by others';
      return `at the provider: ${act.effect} ${act.paymentId}${act.amount === null ? '' : ` of ${act.amount}`}${whose}`;
    }
  }
}

function tellTold(told: Extract<Act, { kind: 'send' }>['told']): string {
  if (told === null) return 'no answer';
  return 'id' in told ? `accepted as ${told.id}` : `refused, ${told.refused}`;
}
