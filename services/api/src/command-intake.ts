import type { Pool } from '@capstan/shared/db/pool';
import { commandJob } from '@capstan/shared/queue/catalogue';
import type { QueueSender } from '@capstan/shared/queue/sender';
import { acceptCommands, type Verdict } from './accept-commands.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { batchCalls } from './batch-calls.ts';
import type { ProductCheck } from './check-products-first.ts';
import type { AcceptanceItem } from './decide-acceptance.ts';

/** Accepts commands, however they came in, and has their jobs offered once they are committed. */
export interface CommandIntake {
  /** Shares its commit with others that come at the same time. */
  acceptOne(item: AcceptanceItem): Promise<Verdict>;
  acceptList(items: readonly AcceptanceItem[]): Promise<Verdict[]>;
}

/** Singles that share one commit; more wait for the next. */
const SHARED_MAX = 500;

export function createCommandIntake(deps: {
  pool: Pool;
  commands: QueueSender<'commands'>;
  metrics: ApiMetrics;
  /** Null: creates are not checked before they are accepted. */
  productCheck: ProductCheck | null;
}): CommandIntake {
  const check: ProductCheck = deps.productCheck ?? (async (item) => item);
  const acceptChecked = async (items: readonly AcceptanceItem[]) => {
    if (items.length === 0) return [];
    const verdicts = await acceptCommands(deps.pool, items);
    for (const verdict of verdicts) deps.metrics.commands.inc({ result: resultOf(verdict) });
    // Not waited for: the caller's 202 rests on the commit alone, and the relay covers a queue that is down.
    void deps.commands.offer(jobsOf(verdicts));
    return verdicts;
  };
  const acceptShared = batchCalls(acceptChecked, SHARED_MAX);
  return {
    // Checked before they come together: one that waits for the provider holds up nobody else.
    acceptOne: async (item) => acceptShared(await check(item)),
    acceptList: async (items) => acceptChecked(await Promise.all(items.map(check))),
  };
}

function jobsOf(verdicts: readonly Verdict[]) {
  return verdicts.flatMap((verdict) => {
    const isNew = verdict.kind === 'accepted' && !verdict.replayed;
    return isNew && verdict.view.command.status === 'accepted'
      ? [commandJob(verdict.view.command.id, 0)]
      : [];
  });
}

function resultOf(verdict: Verdict): string {
  if (verdict.kind === 'refused') return verdict.refusal.code;
  return verdict.replayed ? 'replayed' : 'accepted';
}
