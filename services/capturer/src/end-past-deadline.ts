import { type PastDeadline, takePastDeadline } from '@capstan/shared/db/deadlines';
import { holdInLine, markCanceled } from '@capstan/shared/db/interventions';
import { inTransaction } from '@capstan/shared/db/transaction';
import type { CapturerContext } from './context.ts';
import { pastDeadline } from './decide-next.ts';
import { executeCommand } from './execute-command.ts';
import { publish } from './publish.ts';
import { tryCommand } from './try-command.ts';

/** In one pass at most. */
const TAKEN_MAX = 100;
/** At once; the connections of the process are shared with the commands at work. */
const ENDED_AT_ONCE = 4;

/**
 * Ends the commands whose notAfter instant has passed while nothing of their step was under way, wherever they stand: in
 * the queue's line, waiting, or blocked behind another command.
 * @returns whether there may be more at once.
 */
export async function endPastDeadline(context: CapturerContext): Promise<boolean> {
  const taken = await takePastDeadline(context.pool, TAKEN_MAX);
  const isFull = taken.length === TAKEN_MAX;
  let failures = 0;
  const endNext = async () => {
    for (let past = taken.pop(); past !== undefined; past = taken.pop()) {
      const { id: commandId } = past;
      await tryCommand(context, commandId, () => endOnePast(context, past)).catch((err: unknown) => {
        failures += 1;
        const fields = { event: 'command.not_ended', commandId, err };
        context.log.warn(fields, 'a command past its notAfter instant could not be ended; it is tried again');
      });
    }
  };
  await Promise.all(Array.from({ length: ENDED_AT_ONCE }, endNext));
  return isFull && failures === 0;
}

/** What can be claimed is decided like everything else, so that a step that is done already stays done. */
export function endOnePast(context: CapturerContext, { id, isBlocked }: PastDeadline): Promise<void> {
  return isBlocked ? cancelBlocked(context, id) : executeCommand(context, id);
}

/** What waits behind it waits for the command at work, which goes on. */
async function cancelBlocked(context: CapturerContext, id: string): Promise<void> {
  const problem = pastDeadline('command');
  const command = await inTransaction(context.pool, async (tx) => {
    const held = await holdInLine(tx, id);
    // Made runnable meanwhile: then it is claimed.
    if (held?.status !== 'blocked') return null;
    await markCanceled(tx, held, problem);
    return held;
  });
  if (command === null) return;
  const ended = { status: 'canceled', code: problem.code };
  await publish(context, command, { turn: null, commandJobs: [], ended, read: null });
}
