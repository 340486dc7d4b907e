/**
 * Question: a long outage is over and N commands wait. How soon does the breaker read closed, or the pause is gone? While
 * they are released: how long does the gate take to admit a write, and the api to accept a command? When are all due, and
 * does a kill of every capturer and reconciler in the middle lose one?
 *
 * `--commands N` (default 100,000; a million takes about a quarter of an hour), `--by breaker|pause` (default breaker).
 * Last result: see docs/reliability.md.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startStack } from '@capstan/local-stack/start-stack';
import { openPool } from '@capstan/shared/db/pool';
import { inTransaction } from '@capstan/shared/db/transaction';
import { createProviderGate } from '@capstan/shared/provider/gate/provider-gate';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { collectBody } from '@capstan/testing/create-bodies';

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '100000' },
    by: { type: 'string', default: 'breaker' },
  },
});
const COMMANDS = Number(values.commands);
const BY_PAUSE = values.by === 'pause';
const STEP = 5_000;
const SAMPLE_EVERY_MS = 250;

const stack = await startStack({ logDir: '.local/logs/bench', capturers: 2, reconcilers: 1 });
const log = createLogger('bench', 'fatal');
const pool = openPool({ url: stack.databaseUrl, name: 'bench', max: 6, log });
const headers = { authorization: `Bearer ${stack.info.apiKey}`, 'content-type': 'application/json' };
const [api] = stack.apis;
try {
  if (api === undefined) throw new Error('the stack has no api');
  const pauseId = BY_PAUSE ? await pause() : await shut();
  await insertWaiting();

  const startedAtMs = performance.now();
  if (pauseId === null)
    await pool.query(`update provider_health set breaker = 'half_open', next_try_at = null`);
  else await call('DELETE', `/v1/pauses/${pauseId}`);
  const openMs = await until(async () =>
    pauseId === null
      ? (await one<{ open: boolean }>(`select breaker = 'closed' as open from provider_health`)).open
      : (
          await one<{ open: boolean }>(
            'select not exists (select from pauses where lifted_at is null) as open',
          )
        ).open,
  );
  console.log(
    `\n${BY_PAUSE ? 'the pause is gone' : 'the breaker is closed, its trial included,'} after ${openMs} ms`,
  );

  const admissions: number[] = [];
  const acceptances: number[] = [];
  let killed = false;
  const releasedMs = await until(async () => {
    admissions.push(await timed(admit));
    acceptances.push(await timed(accept));
    const { left } = await one<{ left: number }>(
      `select count(*)::int as left from commands where waits_for = $1`,
      [BY_PAUSE ? 'pause' : 'provider'],
    );
    process.stdout.write(`\r${COMMANDS - left} of ${COMMANDS} released  `);
    if (!killed && left < COMMANDS / 2) {
      killed = true;
      await kill();
    }
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS));
    return (await one<{ over: boolean }>('select not exists (select from releases) as over')).over;
  });
  const end = await one<{ lost: number; dueMs: number }>(
    `select (count(*) filter (where due_at > capstan_now() + interval '10 minutes'))::int as lost,
       greatest(0, max(extract(epoch from due_at - capstan_now())) * 1000)::float8 as "dueMs"
     from commands where status in ('accepted', 'executing', 'unresolved') and id in (select id from waiting)`,
  );
  const { ended } = await one<{ ended: number }>(
    `select count(*)::int as ended from commands c join waiting using (id) where c.status = 'succeeded'`,
  );
  console.log(
    `\nall released after ${seconds(performance.now() - startedAtMs)}, due within ${seconds(end.dueMs)} more`,
  );
  console.log(
    `killed in the middle: 2 capturers and the reconciler; lost: ${end.lost}; done meanwhile: ${ended}`,
  );
  console.log(`over ${seconds(releasedMs)}, ${admissions.length} samples each:   p50      p99      most`);
  console.log(`the gate admits a write, under lock   ${describe(admissions)}`);
  console.log(`POST /v1/commands                     ${describe(acceptances)}`);
  console.log(`queue: ${stack.queue.kind}`);
} finally {
  await pool.end();
  await stack.stop();
}

/** As after hours without Conomy; the real processes go by it. */
async function shut(): Promise<null> {
  await pool.query(
    `update provider_health set breaker = 'open', opened_at = capstan_now(), openings = 3,
       next_try_at = capstan_now() + interval '1 day'`,
  );
  return null;
}

async function pause(): Promise<string> {
  const { pause: made } = await call('POST', '/v1/pauses', { scope: { kind: 'all' }, reason: 'bench' });
  return (made as { id: string }).id;
}

async function insertWaiting(): Promise<void> {
  await pool.query('create table waiting (id uuid primary key)');
  for (let from = 0; from < COMMANDS; from += STEP) {
    await prepare(
      `with p as (
         insert into payments (key, external_id, snapshot)
         select gen_random_uuid(), 'bench-' || n, jsonb_set($1::jsonb, '{externalId}', to_jsonb('bench-' || n))
         from generate_series($2::integer + 1, least($2::integer + ${STEP}, $3::integer)) n returning key, snapshot
       ), c as (
         insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, status, accepted_by,
           waits_for, due_at, offer_at)
         select gen_random_uuid(), key::text, decode(repeat('00', 32), 'hex'), 'payment.create', key, snapshot::json,
           '{create}', 'executing', 'bench', $4::text, capstan_now() + interval '1 hour', capstan_now() + interval '1 hour'
         from p returning id
       )
       insert into waiting select id from c`,
      [JSON.stringify(collectBody('x')), from, COMMANDS, BY_PAUSE ? 'pause' : 'provider'],
    );
    process.stdout.write(`\r${Math.min(from + STEP, COMMANDS)} of ${COMMANDS} commands wait`);
  }
  await prepare('analyze commands, payments');
}

/** However long it takes on this machine. */
async function prepare(sql: string, parameters: unknown[] = []): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await tx.query('set local statement_timeout = 0');
    const patient = { text: sql, values: parameters, query_timeout: 600_000 };
    await tx.query(patient);
  });
}

/** As a process that has not looked yet: decided from the rows, under their locks. */
async function admit(): Promise<void> {
  const gate = createProviderGate({
    pool,
    log,
    random: Math.random,
    monotonicMs: () => performance.now(),
    trialMsMax: 15_000,
  });
  const write = {
    operation: 'create',
    commandType: 'payment.create',
    paymentType: 'COLLECT',
    paymentKey: randomUUID(),
  };
  const { admitted } = await inTransaction(pool, (tx) => gate.admitWrite(tx, write));
  if (!admitted) throw new Error('the gate did not admit');
}

async function accept(): Promise<void> {
  const id = randomUUID();
  await call('POST', '/v1/commands', { type: 'payment.create', payment: collectBody(id) }, id);
}

async function call(
  method: string,
  path: string,
  body?: object,
  key?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${api?.url}${path}`, {
    method,
    headers: {
      ...(body ? headers : { authorization: headers.authorization }),
      ...(key ? { 'idempotency-key': key } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

async function kill(): Promise<void> {
  const services = [...stack.capturers, ...stack.reconcilers];
  await Promise.all(services.map((service) => service.kill('SIGKILL')));
  await Promise.all(services.map((service) => service.restart()));
}

async function one<T extends object>(sql: string, parameters: unknown[] = []): Promise<T> {
  const { rows } = await pool.query<T>(sql, parameters);
  const [row] = rows;
  if (row === undefined) throw new Error('no row');
  return row;
}

/** Asks until it is so. @returns after how many milliseconds. */
async function until(isSo: () => Promise<boolean>): Promise<number> {
  return Math.round(
    await timed(async () => {
      while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
    }),
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function describe(samples: number[]): string {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return [0.5, 0.99, 1].map((share) => `${at(share).toFixed(1)} ms`.padEnd(9)).join('');
}
