import { appendFileSync } from 'node:fs';

/** One call of a client and its answer, as they stand in a line of the history of a run. */
export type Line = {
  /** The payment that it is about. */
  externalId: string;
  fromMs: number;
  /** Null: nothing was heard. */
  untilMs: number | null;
} & (
  | {
      call: 'send';
      key: string;
      asks: Record<string, unknown>;
      told: { id: string } | { refused: string } | null;
    }
  | { call: 'look'; key: string; told: string | null }
  | { call: 'cancel'; key: string; told: 'canceled' | 'too_late' | null }
  | { call: 'see'; told: string }
);

/** What a reader must know of the run to judge deadlines, which are kept by the database's clock. */
export interface RunLine {
  call: 'run';
  databaseClockSteps: boolean;
}

/** Where a run's history and what the checker holds it against are kept. */
export const HISTORY_FILE = 'history.jsonl';
export const LEDGER_FILE = 'ledger.json';

/** Writes down what clients sent and heard, each line as soon as it is known. */
export interface HistoryRecord {
  add(line: Line): void;
}

export function createHistoryRecord(runDir: string, run: Omit<RunLine, 'call'>): HistoryRecord {
  const file = `${runDir}/${HISTORY_FILE}`;
  const write = (line: Line | RunLine) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  write({ call: 'run', ...run });
  return { add: write };
}
