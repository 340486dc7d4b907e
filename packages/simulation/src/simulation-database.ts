import { openPool, type Pool } from '@capstan/shared/db/pool';
import { createLogger, type Logger } from '@capstan/shared/telemetry/logger';

/** An instant long enough ago that no simulated day reaches the real one. */
export const START_MS = Date.parse('2026-01-05T10:00:00Z');

/** A migrated database of its own whose clock stands still until it is moved. */
export interface SimulationDatabase {
  pool: Pool;
  log: Logger;
  /** Simulated epoch milliseconds; they never go back, as the monotonic clock of a process. */
  now(): number;
  /** What the database takes for the time. */
  databaseNow(): number;
  moveTo(atMs: number): Promise<void>;
  /** Sets the database's clock forth or back. */
  stepClock(ms: number): Promise<void>;
  /** When that was done, by `now`. */
  clockStepsMs(): readonly number[];
  /** Empties the tables and sets the clocks back to the start. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** @param url of a migrated database that nobody else uses: its `capstan_now()` is replaced. */
export async function openSimulationDatabase(url: string): Promise<SimulationDatabase> {
  const log = createLogger('simulation', 'silent');
  const pool = openPool({ url, name: 'simulation', max: 20, log });
  let nowMs = START_MS;
  let aheadMs = 0;
  let steps: number[] = [];
  const moveTo = async (atMs: number) => {
    nowMs = Math.ceil(atMs);
    await pool.query('update simulated_clock set at = to_timestamp($1::float8 / 1000)', [nowMs + aheadMs]);
  };
  await pool.query('create table if not exists simulated_clock (at timestamptz not null)');
  await pool.query('insert into simulated_clock select now() where not exists (select from simulated_clock)');
  await pool.query(
    'create or replace function capstan_now() returns timestamptz language sql stable parallel safe as $$ select at from simulated_clock $$',
  );
  return {
    pool,
    log,
    now: () => nowMs,
    databaseNow: () => nowMs + aheadMs,
    moveTo,
    stepClock: async (ms) => {
      aheadMs += ms;
      steps.push(nowMs);
      await moveTo(nowMs);
    },
    clockStepsMs: () => steps,
    reset: async () => {
      await pool.query(
        'truncate payments, commands, attempts, attempt_reads, journal, webhook_deliveries, discrepancies, scan_requests, scan_lanes cascade',
      );
      aheadMs = 0;
      steps = [];
      await moveTo(START_MS);
    },
    close: () => pool.end(),
  };
}
