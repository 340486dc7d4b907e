import type { Offer } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';
import type { Proceeding, Turn } from './proceed.ts';

/** What a transaction decided, and the read of the mirror that it scheduled. */
export interface Recorded extends Proceeding {
  read: Offer<'reads'> | null;
}

/**
 * After the commit: jobs for whoever is next, and word to those who wait. None of it is needed for correctness,
 * since every row that was written is due by itself.
 */
export async function publish(
  context: CapturerContext,
  command: { id: string; paymentKey: string },
  { turn, commandJobs, ended, read }: Recorded,
): Promise<Turn | null> {
  const { id: commandId, paymentKey } = command;
  if (ended !== null)
    context.log.info({ event: 'command.ended', commandId, paymentKey, ...ended }, `command ${ended.status}`);
  context.progress.announce(paymentKey);
  const offered = [context.commands.offer(commandJobs), context.reads.offer(read === null ? [] : [read])];
  // The next call does not wait for the queue.
  if (turn === null) await Promise.all(offered);
  return turn;
}
