/**
 * Question: among 1,000,000 mirrored payments, does the claim of due reads use its index and touch only what it returns?
 *
 * Last result: see docs/reconciliation.md.
 */
import { startStack } from '@capstan/local-stack/start-stack';
import { openPool } from '@capstan/shared/db/pool';
import { createLogger } from '@capstan/shared/telemetry/logger';

const PAYMENTS = 1_000_000;
const DUE = 100;

const stack = await startStack({ logDir: '.local/logs/bench', capturers: 0, reconcilers: 0 });
const pool = openPool({ url: stack.databaseUrl, name: 'bench', max: 1, log: createLogger('bench', 'fatal') });
try {
  // As after years: nearly all final, one in fifty still read on a schedule, a hundred of them due now.
  for (let from = 0; from < PAYMENTS; from += 100_000) {
    await pool.query(
      `insert into payments (key, conomy_id, external_id, status, cause, snapshot, offer_at)
       select gen_random_uuid(), 'bench-' || n, 'order-' || n, case when n % 50 = 0 then 'CAPTURED' else 'SETTLED' end, 'read',
         '{"type": "P2P", "totalAmount": "100.00", "currency": "COP"}',
         case when n % 50 = 0 then now() + case when n <= 50 * $2::int then interval '-1 second' else interval '1 hour' end end
       from generate_series($1::int + 1, $1::int + 100000) n`,
      [from, DUE],
    );
    process.stdout.write(`\r${from + 100_000} of ${PAYMENTS} payments`);
  }
  await pool.query('analyze payments');
  const { rows } = await pool.query(
    `explain (analyze, buffers, costs off, timing off)
     update payments set offer_at = capstan_now() + interval '5 seconds'
     where key in (
       select key from payments where offer_at <= capstan_now()
       order by offer_at limit 1000 for update skip locked
     )
     returning key, version, reads`,
  );
  console.log(`\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`);
} finally {
  await pool.end();
  await stack.stop();
}
