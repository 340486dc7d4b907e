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
}

/** What the tables say at the end. */
export interface Facts {
  events: EventFact[];
  commands: CommandFacts[];
  payments: PaymentFacts[];
  attempts: AttemptFacts[];
  moves: MoveFacts[];
}

export async function readFacts(pool: Pool): Promise<Facts> {
  const commands = await pool.query<CommandFacts>(
    `select c.id, c.idempotency_key as key, c.type, c.status, c.problem, c.payment_key as "paymentKey", c.steps, c.steps_done as "stepsDone", c.refund,
       (extract(epoch from c.finished_at) * 1000)::float8 as "finishedMs",
       (select (extract(epoch from min(a.started_at)) * 1000)::float8 from attempts a where a.command_id = c.id) as "firstAttemptMs",
       (select count(*)::int from command_redrives r where r.command_id = c.id) as redrives
     from commands c order by c.position`,
  );
  const payments = await pool.query<PaymentFacts>(
    'select key, kind, conomy_id as "conomyId", external_id as "externalId", status, version from payments order by accepted_at, key',
  );
  const attempts = await pool.query<AttemptFacts>(
    `select payment_key as "paymentKey", operation, (extract(epoch from started_at) * 1000)::float8 as "startedMs" from attempts`,
  );
  const moves = await pool.query<MoveFacts>(
    'select payment_key as "paymentKey", version, from_status as "fromStatus", to_status as "toStatus", cause from journal order by payment_key, version',
  );
  const events = await pool.query<EventFact>(
    'select payment_key as "paymentKey", sequence, type, version, command_id as "commandId" from events order by payment_key, sequence',
  );
  return {
    commands: commands.rows,
    payments: payments.rows,
    attempts: attempts.rows,
    moves: moves.rows,
    events: events.rows,
  };
}
