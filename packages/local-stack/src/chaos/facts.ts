import { readFileSync } from 'node:fs';
import type { Ledger, LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import pg from 'pg';
import type { Intent } from './intents.ts';
import type { SentCommand } from './send-intents.ts';

export interface CommandFact {
  id: string;
  key: string;
  type: string;
  status: string;
  problem: string | null;
  paymentKey: string;
  externalId: string | null;
  conomyId: string | null;
  steps: string[];
  stepsDone: number;
  /** Of refunds: what was to be given back. */
  amount: string | null;
  /** How long until it may be worked on again, by the database's clock; 0 or less when it may be now. */
  nextInMs: number;
  /** How often an operator put it back to work. */
  redrives: number;
  /** In the order they began. */
  attempts: readonly AttemptFact[];
}

export interface AttemptFact {
  operation: string;
  number: number;
  outcome: string | null;
  resolution: string | null;
  failure: Record<string, unknown> | null;
  startedAt: string;
  finishedAt: string | null;
  /** What was found by looking for its effect. */
  reads: readonly { beganAt: string; finding: string }[];
}

export interface MirrorFact {
  key: string;
  conomyId: string | null;
  externalId: string | null;
  released: boolean;
  kind: 'payment' | 'attempt' | 'refund';
  status: string | null;
  version: number;
  snapshot: Record<string, unknown>;
}

export interface MoveFact {
  paymentKey: string;
  version: number;
  from: string | null;
  to: string;
  cause: string;
  at: string;
}

/** What upstream was told of one payment. */
export interface EventFact {
  paymentKey: string;
  sequence: number;
  type: string;
  version: number | null;
  commandId: string | null;
}

interface ToldFact {
  status?: string;
  totalAmount?: unknown;
  currency?: unknown;
  readonly [field: string]: unknown;
}

/** A disagreement that nothing has ended. */
export interface OpenDiscrepancyFact {
  kind: string;
  conomyId: string | null;
  /** What each side said: `status`, amount and more, as far as it is known there. */
  mirror: ToldFact | null;
  provider: ToldFact | null;
}

/** Everything that is known once all is quiet. */
export interface Facts {
  intents: readonly Intent[];
  sent: readonly SentCommand[];
  commands: readonly CommandFact[];
  mirror: readonly MirrorFact[];
  journal: readonly MoveFact[];
  events: readonly EventFact[];
  discrepancies: readonly OpenDiscrepancyFact[];
  ledger: Ledger;
  /** Parts that ended without having been killed. */
  lostParts: readonly string[];
  /** Places in logs where a secret stands. */
  leaks: readonly string[];
}

export function isParked({ status }: Pick<CommandFact, 'status'>): boolean {
  return status === 'parked';
}

export function isRefund({ type }: Pick<LedgerPayment, 'type'>): boolean {
  return type === 'REFUND';
}

/** What the database says, in one look. */
export async function readDatabaseFacts(
  url: string,
): Promise<Pick<Facts, 'commands' | 'mirror' | 'journal' | 'events' | 'discrepancies'>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const commands = await client.query<CommandFact>(
      `select c.id, c.idempotency_key as key, c.type, c.status, c.problem->>'code' as problem,
         c.payment_key as "paymentKey", p.external_id as "externalId", p.conomy_id as "conomyId", c.steps,
         c.steps_done as "stepsDone", c.refund->>'amount' as amount,
         (extract(epoch from greatest(c.due_at, c.claimed_until) - capstan_now()) * 1000)::float8 as "nextInMs",
         (select count(*)::int from command_redrives r where r.command_id = c.id) as redrives,
         (select coalesce(jsonb_agg(jsonb_build_object('operation', a.operation, 'number', a.number, 'outcome', a.outcome,
             'resolution', a.resolution, 'failure', a.failure, 'startedAt', a.started_at, 'finishedAt', a.finished_at,
             'reads', (select coalesce(jsonb_agg(jsonb_build_object('beganAt', r.began_at, 'finding', r.finding) order by r.id), '[]')
               from attempt_reads r where r.attempt_id = a.id)) order by a.id), '[]')
           from attempts a where a.command_id = c.id) as attempts
       from commands c join payments p on p.key = c.payment_key order by c.position`,
    );
    const mirror = await client.query<MirrorFact>(
      `select key, conomy_id as "conomyId", external_id as "externalId", external_id_released_at is not null as released,
         kind, status, version, snapshot from payments`,
    );
    const journal = await client.query<MoveFact>(
      `select payment_key as "paymentKey", version, from_status as "from", to_status as "to", cause, at::text
       from journal order by payment_key, version`,
    );
    const events = await client.query<EventFact>(
      `select payment_key as "paymentKey", sequence, type, version, command_id as "commandId"
       from events order by payment_key, sequence`,
    );
    const discrepancies = await client.query<OpenDiscrepancyFact>(
      `select kind, conomy_id as "conomyId", mirror, provider from discrepancies where status = 'open' order by opened_at`,
    );
    return {
      discrepancies: discrepancies.rows,
      commands: commands.rows,
      mirror: mirror.rows,
      journal: journal.rows,
      events: events.rows,
    };
  } finally {
    await client.end();
  }
}

/** The lines of these logs in which one of the secrets stands, by file. */
export function findLeaks(logFiles: readonly string[], secrets: Readonly<Record<string, string>>): string[] {
  return logFiles.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return Object.entries(secrets)
      .filter(([, secret]) => text.includes(secret))
      .map(([name]) => `${name} in ${file}`);
  });
}
