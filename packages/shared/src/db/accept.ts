import type { PoolClient } from 'pg';
import type { CommandType, Operation, PaymentDocument } from '../domain/payment-command.ts';
import type { RefundRequest } from './commands.ts';
import type { PaymentRow } from './payments.ts';

/** A payment as far as acceptance and the answer to it need it. */
export type NamedPayment = Pick<
  PaymentRow,
  'key' | 'conomyId' | 'externalId' | 'snapshot' | 'status' | 'final'
>;

/** A command that already holds one of the given idempotency keys. */
export interface KnownCommand {
  id: string;
  idempotencyKey: string;
  fingerprint: Buffer;
}

/** The commands that hold any of these idempotency keys, and the database's time. */
export async function findKnownCommands(
  tx: PoolClient,
  idempotencyKeys: readonly string[],
): Promise<{ now: Date; known: KnownCommand[] }> {
  const { rows } = await tx.query<{ now: Date } & (KnownCommand | { id: null })>(
    `select capstan_now() as now, c.id, c.idempotency_key as "idempotencyKey", c.fingerprint
     from (values (true)) as one(row) left join commands c on c.idempotency_key = any($1::text[])`,
    [idempotencyKeys],
  );
  const now = rows[0]?.now;
  if (!now) throw new Error('the database did not tell its time');
  return { now, known: rows.filter((row): row is { now: Date } & KnownCommand => row.id !== null) };
}

/**
 * Locks the live payments of these externalIds and Conomy ids, always in the order of their keys, so that neither
 * two acceptances nor an acceptance and the end of a command before it can pass each other.
 */
export async function lockNamedPayments(
  tx: PoolClient,
  names: { externalIds: readonly string[]; conomyIds: readonly string[] },
): Promise<NamedPayment[]> {
  const { rows } = await tx.query<NamedPayment>(
    `select key, conomy_id as "conomyId", external_id as "externalId", snapshot, status, final
     from payments
     where (external_id = any($1::text[]) and external_id_released_at is null) or conomy_id = any($2::text[])
     order by key for no key update`,
    [names.externalIds, names.conomyIds],
  );
  return rows;
}

/** A payment with a command that has not ended, in one of its two orders: its steps or its documents. */
export interface BusyPayment {
  key: string;
  isDocument: boolean;
}

/** Which of these payments have a command that has not ended. Ask after locking them: only then is it the last word. */
export async function findBusyPayments(tx: PoolClient, keys: readonly string[]): Promise<BusyPayment[]> {
  const { rows } = await tx.query<BusyPayment>(
    `select distinct payment_key as key, type = 'payment.submit-document' as "isDocument" from commands
     where payment_key = any($1::uuid[]) and status not in ('succeeded', 'rejected', 'canceled')`,
    [keys],
  );
  return rows;
}

export interface NewPayment {
  key: string;
  conomyId: string | null;
  externalId: string | null;
  kind: 'payment' | 'attempt';
  /** JSON text of what is known so far, under Conomy's names. */
  snapshot: string;
}

/**
 * Inserts payments, sorted by what is unique so that concurrent lists wait for each other in one order.
 * @returns how many were inserted; fewer than given means somebody else holds one of the names.
 */
export async function insertPayments(tx: PoolClient, payments: readonly NewPayment[]): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into payments (key, conomy_id, external_id, kind, snapshot)
     select key, "conomyId", "externalId", kind, snapshot::jsonb
     from jsonb_to_recordset($1::jsonb) as p(key uuid, "conomyId" text, "externalId" text, kind text, snapshot text)
     order by "externalId", "conomyId"
     on conflict do nothing`,
    [JSON.stringify(payments)],
  );
  return rowCount ?? 0;
}

export interface NewCommand {
  id: string;
  idempotencyKey: string;
  fingerprint: Buffer;
  type: CommandType;
  paymentKey: string;
  createBody: string | null;
  refund: RefundRequest | null;
  document: PaymentDocument | null;
  steps: readonly Operation[];
  /** RFC 3339, in UTC. */
  notAfter: string | null;
  status: 'accepted' | 'blocked';
  acceptedBy: string;
}

/**
 * Inserts commands: positions follow the order given, while the rows go in sorted by idempotency key for the same
 * reason as payments do. `graceMs` is how long the job offered after the commit has before the relay stands in.
 * @returns the time of acceptance of each inserted command; fewer than given means a key was taken meanwhile.
 */
export async function insertCommands(
  tx: PoolClient,
  commands: readonly NewCommand[],
  graceMs: number,
): Promise<Map<string, Date>> {
  const rows = commands.map((command, index) => ({
    ...command,
    nth: index + 1,
    fingerprint: command.fingerprint.toString('hex'),
  }));
  const inserted = await tx.query<{ id: string; acceptedAt: Date }>(
    `with drawn as (
       select nextval(pg_get_serial_sequence('commands', 'position')) as number
       from generate_series(1, $2::integer)
     ), numbered as (
       select row_number() over (order by number) as nth, number from drawn
     )
     insert into commands (id, position, idempotency_key, fingerprint, type, payment_key, create_body, refund, document,
       steps, not_after, status, accepted_by, offer_at)
     overriding system value
     select c.id, numbered.number, c."idempotencyKey", decode(c.fingerprint, 'hex'), c.type, c."paymentKey",
       c."createBody"::json, c.refund, c.document, c.steps, c."notAfter", c.status, c."acceptedBy",
       case when c.status = 'accepted' then capstan_now() + $3::float8 * interval '1 millisecond' end
     from jsonb_to_recordset($1::jsonb) as c(nth integer, id uuid, "idempotencyKey" text, fingerprint text, type text,
       "paymentKey" uuid, "createBody" text, refund jsonb, document jsonb, steps text[], "notAfter" timestamptz, status text, "acceptedBy" text)
     join numbered on numbered.nth = c.nth
     order by c."idempotencyKey"
     on conflict (idempotency_key) do nothing
     returning id, accepted_at as "acceptedAt"`,
    [JSON.stringify(rows), rows.length, graceMs],
  );
  return new Map(inserted.rows.map(({ id, acceptedAt }) => [id, acceptedAt]));
}
