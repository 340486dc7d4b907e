import type { EventFact } from '@capstan/local-stack/chaos/facts';
import type { Pool } from '@capstan/shared/db/pool';
import type { CommandType } from '@capstan/shared/domain/payment-command';

interface CommandFacts {
  id: string;
  key: string;
  type: CommandType;
  status: string;
  problem: { code: string } | null;
  paymentKey: string;
  steps: string[];
  stepsDone: number;
  refund: { amount: string } | null;
  finishedMs: number | null;
  firstAttemptMs: number | null;
  /** How often an operator put it back to work. */
  redrives: number;
  notAfterMs: number | null;
  /** Past its notAfter instant by so much that nobody is about to end it. */
  isLongPast: boolean;
  /** It will be offered again, or is held. */
  hasNext: boolean;
}

/** Something open that nobody will look at again, in words. */
export type Forgotten = string;

interface AlarmFacts {
  kind: string;
  paymentKey: string | null;
  conomyId: string | null;
  mirror: Record<string, unknown>;
  provider: Record<string, unknown>;
}

interface PaymentFacts {
  key: string;
  kind: 'payment' | 'attempt' | 'refund';
  conomyId: string | null;
  externalId: string | null;
  status: string | null;
  version: number;
}

interface AttemptFacts {
  paymentKey: string;
  operation: string;
  startedMs: number;
}

interface MoveFacts {
  paymentKey: string;
  version: number;
  fromStatus: string | null;
  toStatus: string;
  cause: string;
  /** Of a move by a delivery: what was delivered. */
  delivery: string | null;
}

/** What the tables say at the end. */
export interface Facts {
  events: EventFact[];
  commands: CommandFacts[];
  payments: PaymentFacts[];
  attempts: AttemptFacts[];
  moves: MoveFacts[];
  /** Open discrepancies. */
  alarms: AlarmFacts[];
  forgotten: Forgotten[];
  /** Rows of webhooks. */
  deliveries: number;
}

export async function readFacts(pool: Pool): Promise<Facts> {
  const commands = await pool.query<CommandFacts>(
    `select c.id, c.idempotency_key as key, c.type, c.status, c.problem, c.payment_key as "paymentKey", c.steps, c.steps_done as "stepsDone", c.refund,
       (extract(epoch from c.finished_at) * 1000)::float8 as "finishedMs",
       (select (extract(epoch from min(a.started_at)) * 1000)::float8 from attempts a where a.command_id = c.id) as "firstAttemptMs",
       (select count(*)::int from command_redrives r where r.command_id = c.id) as redrives,
       (extract(epoch from c.not_after) * 1000)::float8 as "notAfterMs",
       coalesce(c.not_after < capstan_now() - interval '5 minutes', false) as "isLongPast",
       c.offer_at is not null as "hasNext"
     from commands c order by c.position`,
  );
  const payments = await pool.query<PaymentFacts>(
    'select key, kind, conomy_id as "conomyId", external_id as "externalId", status, version from payments order by accepted_at, key',
  );
  const attempts = await pool.query<AttemptFacts>(
    `select payment_key as "paymentKey", operation, (extract(epoch from started_at) * 1000)::float8 as "startedMs" from attempts`,
  );
  const moves = await pool.query<MoveFacts>(
    `select j.payment_key as "paymentKey", j.version, j.from_status as "fromStatus", j.to_status as "toStatus", j.cause,
       convert_from(d.body, 'UTF8') as delivery
     from journal j left join webhook_deliveries d on d.id::text = j.source_id and j.cause = 'delivery'
     order by j.payment_key, j.version`,
  );
  const events = await pool.query<EventFact>(
    'select payment_key as "paymentKey", sequence, type, version, command_id as "commandId" from events order by payment_key, sequence',
  );
  const alarms = await pool.query<AlarmFacts>(
    `select kind, payment_key as "paymentKey", conomy_id as "conomyId", provider, mirror from discrepancies where status = 'open'`,
  );
  const forgotten = await pool.query<{ what: Forgotten }>(
    `select 'payment ' || key || ' is ' || status as what from payments p
     where conomy_id is not null and not final and status <> 'ATTEMPT' and offer_at is null
       and not exists (select from discrepancies d where d.payment_key = p.key and d.status = 'open')
     union all
     select 'a delivery about ' || conomy_id from webhook_deliveries w
     where result = 'unmatched' and offer_at is null and conomy_id is not null
       and not exists (select from payments p where p.conomy_id = w.conomy_id)
       and not exists (select from discrepancies d where d.conomy_id = w.conomy_id)`,
  );
  const deliveries = await pool.query<{ count: number }>(
    'select count(*)::int as count from webhook_deliveries',
  );
  return {
    commands: commands.rows,
    payments: payments.rows,
    attempts: attempts.rows,
    moves: moves.rows,
    events: events.rows,
    alarms: alarms.rows,
    forgotten: forgotten.rows.map(({ what }) => what),
    deliveries: deliveries.rows[0]?.count ?? 0,
  };
}
