import type { Pool } from '@capstan/shared/db/pool';

/** A pool whose connections run `interrupt` once, just before their nth statement. */
export function interruptedBefore(pool: Pool, nth: number, interrupt: () => Promise<unknown>): Pool {
  let statements = 0;
  const connect = async () => {
    const tx = await pool.connect();
    return {
      query: async (text: string, values?: unknown[]) => {
        statements += 1;
        if (statements === nth) await interrupt();
        return tx.query(text, values);
      },
      release: (error?: Error) => tx.release(error),
    };
  };
  return { connect, query: pool.query.bind(pool) } as unknown as Pool;
}
