import type { CapturerContext } from './context.ts';
import { tryCommand } from './try-command.ts';

/**
 * Where commands read, beside the slots in which they write: while Conomy answers badly many read for long, and the
 * writes that go well must not wait for them.
 */
export interface Readers {
  /** Begins to read in a place of its own; resolves when the command's slot may be left, null when no place is free. */
  begin(commandId: string, work: () => Promise<void>): Promise<void> | null;
}

/** @param placesMax how many read at once; who finds no place gives its claim back for a moment. */
export function createReaders(
  placesMax: number,
  context: Pick<CapturerContext, 'pool' | 'log'>,
): Readers & { close(): Promise<void> } {
  const underWay = new Set<Promise<void>>();
  return {
    begin: (commandId, work) => {
      if (underWay.size >= placesMax) return null;
      const reading = tryCommand(context, commandId, work)
        .catch((error: Error) =>
          context.log.warn(
            { event: 'command.read_failed', commandId, err: error },
            'a read failed; its row stays due',
          ),
        )
        .finally(() => underWay.delete(reading));
      underWay.add(reading);
      return Promise.resolve();
    },
    close: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
