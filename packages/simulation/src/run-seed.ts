import { endOnePast } from '@capstan/capturer/end-past-deadline';
import { executeCommand } from '@capstan/capturer/execute-command';
import { capturerTimings } from '@capstan/capturer/timings';
import type { Payment, PaymentStatus } from '@capstan/conomy-sandbox/payment';
import { createRandom } from '@capstan/local-stack/demo/random';
import { applyDelivery } from '@capstan/reconciler/apply-delivery';
import { readPayment } from '@capstan/reconciler/read-payment';
import { relayJobs } from '@capstan/reconciler/relay-jobs';
import { takePastDeadline } from '@capstan/shared/db/deadlines';
import { createProviderGate } from '@capstan/shared/provider/gate/provider-gate';
import type { JobData } from '@capstan/shared/queue/catalogue';
import { createCallers } from './callers.ts';
import { drawImpoliteness, type FaultCounts, type Impoliteness, type MoodOptions } from './impoliteness.ts';
import { type Breach, findBreaches } from './invariants.ts';
import { createFates, type PointCounts } from './points.ts';
import { CALL_MS_MAX } from './simulated-exchange.ts';
import { poolOf } from './simulated-pool.ts';
import { createSimulatedProvider, type SimulatedProvider } from './simulated-provider.ts';
import { type SimulatedJob, SimulatedQueue } from './simulated-queue.ts';
import { createSimulatedWebhooks } from './simulated-webhooks.ts';
import { type SimulationDatabase, START_MS } from './simulation-database.ts';
import { Task } from './task.ts';
import { createWorkload } from './workload.ts';

/** Jobs worked on at once, over all virtual processes. */
const JOBS_MAX = 5;
const RELAY_EVERY_MS = 1_000;
/** Commands past their notAfter instant that are ended in one pass. */
const DEADLINES_MAX = 10;
/** Passes of the relay after which nothing is left to hope for. */
const IDLE_ROUNDS_MAX = 400;
/** Longer than any wait that is bounded: what is open by then stays open. */
const SIMULATED_MS_MAX = 3 * 3_600_000;
/** Work that failed this often is offered and fails for ever; a single failure is a breach already. */
const FAILURES_MAX = 50;

export interface SeedRun {
  breaches: Breach[];
  /** How often each fault fired. */
  faults: FaultCounts;
}

interface Later {
  atMs: number;
  run: () => unknown;
}

/** Runs the workload of one seed to its end and says what was wrong with it. The database is emptied first. */
export async function runSeed(
  database: SimulationDatabase,
  seed: number,
  counts: PointCounts,
  options: Omit<MoodOptions, 'has'> = {},
): Promise<SeedRun> {
  const random = createRandom(seed * 7_919 + 1);
  const { intents, requests, rarePoints, has } = createWorkload(seed, random, START_MS);
  const mood = drawImpoliteness(seed, { has, ...options });
  await database.reset();
  const { pool, log, now, databaseNow } = database;
  const fate = createFates(seed, random, counts, rarePoints);
  const fraction = () => random.whole(0, 9_999) / 10_000;
  const agenda: Later[] = [];
  const later = (atMs: number, run: () => unknown) => void agenda.push({ atMs, run });
  const skewMs = mood.plays('provider_clock_away') ? mood.random.pick([-7, -3, 3, 7]) * 60_000 : 0;
  if (skewMs !== 0) mood.note('provider_clock_away');
  const providerNow = () => now() + skewMs;
  const zoneHours = mood.plays('provider_day') ? mood.random.pick([-5, -3, 14]) : 0;
  const clocks = { now, databaseNow, providerNow };
  const provider = createSimulatedProvider({ seed, random, ...clocks, later, mood, zoneHours, intents });
  const { elsewhere } = provider;
  const queue = new SimulatedQueue(random, now);
  const gate = createProviderGate({ pool, log, random: fraction, monotonicMs: now, trialMsMax: CALL_MS_MAX });
  const timings = capturerTimings({
    sendWindowMs: 2_000,
    callMsMax: CALL_MS_MAX,
    absenceReadsMin: 3,
    absenceSpanMs: 45_000,
    scanRowsMax: 1_000_000,
    unknownMsMax: 7_200_000,
    refundUnreadableMs: 900_000,
  });
  const tasks = new Set<Task>();
  const failures: string[] = [];
  let lastRelayMs = 0;
  /** When a row will be due; known after a look at the tables. */
  let relayAtMs = Number.POSITIVE_INFINITY;

  const start = (name: string, work: (task: Task) => Promise<unknown>) => {
    const task = new Task(name, { now, fate }, work);
    tasks.add(task);
    return task;
  };
  const contextOf = (task: Task) => ({
    pool: poolOf(task, pool),
    provider: provider.portOf(task),
    gate,
    log,
    progress: { announce: () => {}, idle: async () => {} },
    random: fraction,
    drift: { note: () => {} },
    senders: {
      commands: queue.senderOf(task, 'commands'),
      deliveries: queue.senderOf(task, 'deliveries'),
      reads: queue.senderOf(task, 'reads'),
    },
  });

  const capturerOf = (task: Task) => {
    const context = contextOf(task);
    const { commands, reads } = context.senders;
    const worker = task.name;
    const readers = { begin: (_id: string, read: () => Promise<void>) => read() };
    return { ...context, readers, commands, reads, timings, worker, monotonicMs: now };
  };

  const work = (task: Task, { kind, data }: SimulatedJob): Promise<unknown> => {
    const context = contextOf(task);
    if (kind === 'deliveries') {
      const { deliveryId, timesReceived } = data as JobData<'deliveries'>;
      return applyDelivery(context, deliveryId, timesReceived);
    }
    if (kind === 'reads') return readPayment(context, data as JobData<'reads'>);
    return executeCommand(capturerOf(task), (data as JobData<'commands'>).commandId);
  };
  const inMs = (ms: number, run: () => unknown) => later(now() + ms, run);
  const callers = createCallers({ start, inMs, contextOf, pool });
  const webhooks = createSimulatedWebhooks({ ...clocks, random, mood, later, start, contextOf, elsewhere });

  /** The provider's own life: each payment goes on by itself, and events of every move leave. */
  const seen = new Map<string, PaymentStatus>();
  const watchProvider = () => {
    for (const payment of provider.everything()) {
      const before = seen.get(payment.id) ?? null;
      if (before === payment.status) continue;
      seen.set(payment.id, payment.status);
      elsewhere.onMove(payment);
      webhooks.tell(payment, before);
      const next = nextMove(payment, random.whole(0, 99));
      if (next === null) continue;
      later(now() + random.whole(500, 20_000), () => {
        if (payment.status === next.from) provider.sandbox.payments.move(payment, next.to);
      });
    }
  };

  if (mood.strikes('database_clock_steps', 100)) {
    const stepMs = mood.random.pick([-3_600_000, 3_600_000]);
    const firstMs = mood.random.whole(3_000, 60_000);
    inMs(firstMs, () => database.stepClock(stepMs));
    inMs(firstMs + mood.random.whole(5_000, 120_000), () => database.stepClock(-stepMs));
  }
  for (const request of requests) inMs(request.afterMs, () => callers.ask(request));

  const endMs = now() + SIMULATED_MS_MAX;
  const mayGoOn = (idleRounds: number) =>
    idleRounds < IDLE_ROUNDS_MAX && failures.length < FAILURES_MAX && now() < endMs;
  for (let idleRounds = 0; mayGoOn(idleRounds); ) {
    for (const due of agenda.filter(({ atMs }) => atMs <= now()).sort((a, b) => a.atMs - b.atMs)) {
      agenda.splice(agenda.indexOf(due), 1);
      await due.run();
    }
    watchProvider();
    const isBusy = [...tasks].filter(({ name }) => name.startsWith('worker')).length >= JOBS_MAX;
    const job = isBusy || random.whole(0, 1) === 0 ? null : queue.take();
    if (job !== null) start(`worker of ${job.kind}`, (task) => work(task, job));
    const ready = [...tasks].filter(({ notBeforeMs }) => notBeforeMs <= now());
    if (ready.length === 0 && !isBusy) {
      const another = queue.take();
      if (another !== null) ready.push(start(`worker of ${another.kind}`, (task) => work(task, another)));
    }
    if (now() >= relayAtMs && ![...tasks].some(({ name }) => name === 'relay')) {
      lastRelayMs = now();
      relayAtMs = Number.POSITIVE_INFINITY;
      ready.push(
        start('relay', async (task) => {
          for (const past of await takePastDeadline(contextOf(task).pool, DEADLINES_MAX))
            start('worker of deadlines', (self) => endOnePast(capturerOf(self), past));
          await relayJobs(contextOf(task));
        }),
      );
    }
    if (ready.length > 0) {
      const task = random.pick(ready);
      await task.run();
      if (!task.isOver) continue;
      tasks.delete(task);
      if (task.error !== null) failures.push(`${task.name} after "${task.at}": ${task.error}`);
      if (task.name !== 'relay') idleRounds = 0;
      continue;
    }
    if (tasks.size === 0 && agenda.length === 0 && (await isQuiet(database, provider))) {
      if (await callers.redriveParked()) continue;
      break;
    }
    idleRounds += 1;
    const offerMs = await nextOfferMs(database);
    if (offerMs !== null) relayAtMs = Math.max(offerMs - databaseNow() + now(), lastRelayMs + RELAY_EVERY_MS);
    const instants = [
      relayAtMs,
      ...[...tasks].map(({ notBeforeMs }) => notBeforeMs),
      ...agenda.map(({ atMs }) => atMs),
      ...queue.jobs.map(({ dueMs }) => dueMs),
    ].filter((atMs) => atMs > now());
    const next = Math.min(...instants);
    await database.moveTo(Number.isFinite(next) ? next : now() + RELAY_EVERY_MS);
  }
  const { cancelsAsked, cancelsTold } = callers;
  const told = { signed: webhooks.signed, clockStepsMs: database.clockStepsMs(), besides: endsBesides(mood) };
  const course = { intents, failures, cancelsAsked, cancelsTold, ...told };
  const breaches = await findBreaches(pool, provider, course);
  await gate.close();
  await provider.sandbox.close();
  return { breaches, faults: mood.counts };
}

/** What others gave back is not left for us. */
function endsBesides({ plays }: Impoliteness): string[] {
  const sharesRefunds =
    plays('refunds_elsewhere') || plays('refund_listed_late') || plays('children_without_parent');
  return sharesRefunds ? ['rejected:refund_exceeds_refundable'] : [];
}

function nextMove(
  { status, type }: Payment,
  luck: number,
): { from: PaymentStatus; to: PaymentStatus } | null {
  if (status === 'RECEIVED') return { from: status, to: 'SETTLED' };
  if (status !== 'CAPTURED' || type === 'REFUND') return null;
  return { from: status, to: luck < 8 ? 'FAILED' : 'RECEIVED' };
}

/** Whether all is said and done: nothing is open and every mirror shows the truth. */
async function isQuiet({ pool }: SimulationDatabase, provider: SimulatedProvider): Promise<boolean> {
  const { rows: open } = await pool.query(
    `select from commands c where status in ('accepted', 'executing', 'unresolved')
       or (status = 'blocked' and not exists (select from commands p where p.payment_key = c.payment_key and p.status = 'parked')) limit 1`,
  );
  if (open.length > 0) return false;
  const { rows } = await pool.query<{ id: string; status: string }>(
    'select conomy_id as id, status from payments where conomy_id is not null',
  );
  return rows.every(({ id, status }) => provider.find(id)?.status === status);
}

/**
 * When the first row is due to be offered or ended; before that the relay has no reason to look. What has a step under way, as one
 * that a review holds, ends at no instant.
 */
async function nextOfferMs({ pool }: SimulationDatabase): Promise<number | null> {
  const { rows } = await pool.query<{ offerMs: number | null }>(
    `select (extract(epoch from least((select min(offer_at) from commands),
       (select min(not_after) from commands c where status in ('accepted', 'blocked', 'executing') and claimed_until is null
         and not exists (select from attempts a where a.command_id = c.id and a.outcome = 'unknown' and a.resolution is null)), (select min(offer_at) from payments),
       (select min(offer_at) from webhook_deliveries))) * 1000)::float8 as "offerMs"`,
  );
  return rows[0]?.offerMs ?? null;
}
