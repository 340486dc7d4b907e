import type { DemoApi } from './api-client.ts';
import { runBounded } from './run-bounded.ts';
import { recordAcceptance, type TrackedCommand } from './tracked-command.ts';
import { isSentAfterSettlement } from './workload.ts';

const BATCH_MAX = 100;
const BATCHES_AT_ONCE = 4;

/** Sends the showcase one request each, in order, and the rest in batches; notes what the API said. Refunds come later. */
export async function sendCommands(
  api: DemoApi,
  all: readonly TrackedCommand[],
  signal: AbortSignal,
): Promise<void> {
  const now = all.filter(({ planned }) => !isSentAfterSettlement(planned));
  for (const tracked of now.filter(({ planned }) => planned.showcase)) {
    recordAcceptance(tracked, await api.send(tracked.planned, signal));
  }
  const batches = packBatches(now.filter(({ planned }) => !planned.showcase));
  await runBounded(batches, BATCHES_AT_ONCE, async (batch) => {
    const acceptances = await api.sendBatch(
      batch.map(({ planned }) => planned),
      signal,
    );
    for (const [index, acceptance] of acceptances.entries()) {
      const tracked = batch[index];
      if (tracked) recordAcceptance(tracked, acceptance);
    }
  });
}

/** Commands of one payment stay in one batch: only inside a batch is their order kept. */
function packBatches(all: readonly TrackedCommand[]): TrackedCommand[][] {
  const batches: TrackedCommand[][] = [];
  for (const group of Map.groupBy(all, ({ planned }) => planned.externalId).values()) {
    const last = batches.at(-1);
    if (last && last.length + group.length <= BATCH_MAX) last.push(...group);
    else batches.push([...group]);
  }
  return batches;
}
