import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { loadFailedWrite, noteTurnedAway } from '@capstan/shared/db/failed-writes';
import type { PoolClient } from '@capstan/shared/db/pool';
import { type FailedWrite, judgeFailedWrite } from '@capstan/shared/domain/failed-write';
import { NOTHING_TRIED, troubleOf } from '@capstan/shared/provider/gate/trouble';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';

/**
 * The command with the failure of its newest write counted, where it counts. Asked right before the next one begins, so
 * each is judged once and by what others met in the meantime; one that succeeded, or whose effect was looked for, costs
 * nothing here.
 */
export async function countFailure(tx: PoolClient, command: ClaimedCommand): Promise<ClaimedCommand> {
  if (command.attempt?.outcome !== 'retryable') return command;
  const { failure, ...facts } = await loadFailedWrite(tx, command.attempt.id, NOTHING_TRIED);
  switch (judgeFailedWrite(failedWriteOf(failure), facts)) {
    case 'counts':
      return { ...command, failures: command.failures + 1 };
    case 'open':
      await noteTurnedAway(tx, command.id);
      return command;
    case 'excused':
      return command;
  }
}

function failedWriteOf(failure: ProviderFailure | null): FailedWrite {
  if (failure === null) return 'nothing_tried';
  switch (troubleOf(failure)) {
    case 'too_many':
      return 'too_many';
    case 'failing':
      return 'not_sent';
    case 'none':
      return 'refused';
    case 'credentials':
    case 'unknown':
      return 'nothing_tried';
  }
}
