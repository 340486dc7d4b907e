import { acceptCommands } from '@capstan/api/accept-commands';
import { cancelCommand } from '@capstan/api/cancel-command';
import type { AcceptanceItem } from '@capstan/api/decide-acceptance';
import { RefusedError } from '@capstan/api/problem';
import { redriveCommand } from '@capstan/api/redrive-command';
import type { Pool } from '@capstan/shared/db/pool';
import { commandJob, type Offer } from '@capstan/shared/queue/catalogue';
import type { RelaySender } from '@capstan/shared/queue/sender';
import type { Task } from './task.ts';
import type { Request } from './workload.ts';

/** Those who use the api: callers who ask again when they got no answer, and an operator. */
export interface Callers {
  ask(request: Request): void;
  /** Puts back to work what is parked and never was put back before. @returns whether there was something. */
  redriveParked(): Promise<boolean>;
  /** Keys of the commands whose cancel was asked for. */
  cancelsAsked: ReadonlySet<string>;
  /** Keys of those that were told to be canceled. */
  cancelsTold: ReadonlySet<string>;
}

export interface CallersParts {
  start: (name: string, work: (task: Task) => Promise<unknown>) => Task;
  inMs: (ms: number, run: () => void) => void;
  /** What one virtual api process works with. */
  contextOf: (task: Task) => { pool: Pool; senders: { commands: RelaySender<'commands'> } };
  pool: Pool;
}

const ASK_AGAIN_MS = 40_000;

export function createCallers({ start, inMs, contextOf, pool }: CallersParts): Callers {
  const cancelsAsked = new Set<string>();
  const cancelsTold = new Set<string>();

  /** One call of the api, asked again until its process lives long enough to answer. */
  const call = (work: (pool: Pool) => Promise<Offer<'commands'>[]>) => {
    const task = start('api', async (self) => {
      const context = contextOf(self);
      await context.senders.commands.offer(await work(context.pool));
    });
    inMs(ASK_AGAIN_MS, () => {
      if (task.state === 'crashed') call(work);
    });
  };
  const find = async (key: string) => {
    const { rows } = await pool.query<{ id: string }>('select id from commands where idempotency_key = $1', [
      key,
    ]);
    return rows[0]?.id ?? null;
  };

  const accept = (item: AcceptanceItem) =>
    call(async (own) => {
      const verdicts = await acceptCommands(own, [item]);
      return verdicts.flatMap((verdict) =>
        verdict.kind === 'accepted' && !verdict.replayed && verdict.view.command.status === 'accepted'
          ? [commandJob(verdict.view.command.id, 0)]
          : [],
      );
    });
  const cancel = (key: string) =>
    call(async (own) => {
      const commandId = await find(key);
      if (commandId === null) return [];
      cancelsAsked.add(key);
      try {
        const { commandJobs } = await cancelCommand(own, { commandId, by: 'simulation' });
        cancelsTold.add(key);
        return commandJobs;
      } catch (error) {
        if (error instanceof RefusedError) return [];
        throw error;
      }
    });

  return {
    cancelsAsked,
    cancelsTold,
    ask: ({ asks }) => (asks.kind === 'command' ? accept(asks.item) : cancel(asks.key)),
    redriveParked: async () => {
      const { rows } = await pool.query<{ id: string }>(
        `select id from commands c where status = 'parked'
           and not exists (select from command_redrives r where r.command_id = c.id)`,
      );
      for (const { id: commandId } of rows) {
        start('operator', async (self) => {
          const context = contextOf(self);
          const redrive = { commandId, by: 'operator', reason: 'looked at' };
          const { commandJobs } = await redriveCommand(context.pool, redrive);
          await context.senders.commands.offer(commandJobs);
        });
      }
      return rows.length > 0;
    },
  };
}
