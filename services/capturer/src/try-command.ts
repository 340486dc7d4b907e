import { countCommandTry } from '@capstan/shared/db/commands';
import { countTries } from '@capstan/shared/queue/count-tries';
import type { CapturerContext } from './context.ts';

/**
 * Does work on one command, wherever it is done. What fails by the command itself is counted on its row, so that it is parked
 * at last and not tried for ever with nobody told.
 */
export function tryCommand(
  { pool, log }: Pick<CapturerContext, 'pool' | 'log'>,
  id: string,
  work: () => Promise<void>,
): Promise<void> {
  return countTries(log, { kind: 'command', id }, work, () => countCommandTry(pool, id));
}
