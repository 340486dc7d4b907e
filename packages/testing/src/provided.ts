import type { QueueChoice } from '@capstan/local-stack/private-queue';

/** What the global setup hands to every test file. */
export interface Provided {
  /** Of the run's own PostgreSQL, database `postgres`, as superuser. */
  postgresUrl: string;
  postgresPid: number;
  /** The migrated database that test databases are copies of. */
  templateDatabase: string;
  queueChoice: QueueChoice;
  /** Where this run's stacks log. Kept for a day, so that a failure can be looked into. */
  logRoot: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    capstan: Provided;
  }
}
