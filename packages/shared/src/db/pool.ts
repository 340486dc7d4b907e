import pg from 'pg';
import type { Logger } from '../telemetry/logger.ts';
import { ConfirmingClient, PreparingClient, type Statements } from './client.ts';
import { takeSettings } from './session-settings.ts';

export type { Pool, PoolClient } from 'pg';

export interface PoolOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  max: number;
  log: Logger;
  /** Default `named`. */
  statements?: Statements;
}

/** bigint columns are ids and epochs, far below 2^53; money never is a bigint column. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
};

/**
 * Connections with every wait bounded, so that an unreachable or stuck database is an error within seconds
 * and never a silent hang. What a session is to be like is set after connecting, since poolers refuse it while connecting; with
 * `unnamed` the role sets it, and the start makes sure of that.
 */
export function openPool({ url, name, max, log, statements = 'named' }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...(statements === 'named'
      ? { Client: PreparingClient, onConnect: takeSettings }
      : { Client: ConfirmingClient }),
    connectionString: url,
    application_name: `capstan-${name}`,
    max,
    types: types as pg.CustomTypesConfig,
    connectionTimeoutMillis: 3_000,
    query_timeout: 20_000,
    keepAlive: true,
  });
  const lost = (error: Error) =>
    log.warn({ event: 'database.connection_lost', err: error }, 'a connection to PostgreSQL was lost');
  pool.on('error', lost);
  // The pool listens only to its idle clients; one that is lost between two statements of a transaction would
  // end the process.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}
