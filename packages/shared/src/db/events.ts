import type { Pool, PoolClient } from 'pg';
import type { CommandType } from '../domain/payment-command.ts';

/** What upstream is told; the database appends one per move of a mirror and per end of a command. */
export interface EventRow {
  id: number;
  /** Among all events, from 1 and without a gap. */
  position: number;
  paymentKey: string;
  /** Null when it was not known yet. */
  conomyId: string | null;
  externalId: string | null;
  /** Conomy's id of the payment that a refund gives back from; null for others. */
  parentId: string | null;
  /** Among the events of the payment, from 1 and without a gap. */
  sequence: number;
  type: EventType;
  at: Date;
  /** Of the payment, once it had happened. */
  status: string | null;
  final: boolean;
  /** The command that ended or was parked. */
  command: { id: string; type: CommandType } | null;
}

export const EVENT_TYPES = [
  'payment.moved',
  'command.succeeded',
  'command.rejected',
  'command.canceled',
  'command.parked',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Events given a position in one go. */
const PLACED_MAX = 1_000;

/**
 * Up to `limit` events after a position, in order. Positions are given here and not when an event happens: what is
 * committed later than its neighbour would else get a lower position and be skipped by whoever read on meanwhile.
 */
export async function readEvents(db: Pool | PoolClient, after: number, limit: number): Promise<EventRow[]> {
  const events = await selectEvents(db, after, limit);
  if (events.length === limit) return events;
  const { rows } = await db.query<{ placed: number }>('select place_events($1::integer) as placed', [
    PLACED_MAX,
  ]);
  return rows[0]?.placed === 0 ? events : selectEvents(db, after, limit);
}

/** Gives a position to all that has happened, however much it is. */
export async function placeAllEvents(db: Pool | PoolClient): Promise<void> {
  for (;;) {
    const { rows } = await db.query<{ placed: number }>('select place_events($1::integer) as placed', [
      PLACED_MAX,
    ]);
    if ((rows[0]?.placed ?? 0) < PLACED_MAX) return;
  }
}

/** How far the positions of events have come, and which line of positions they are of: another one after a restore. */
export interface EventsEnd {
  newest: number;
  stream: string;
}

/** Gives a position to what happened since. */
export async function placeEvents(db: Pool | PoolClient): Promise<EventsEnd> {
  await db.query('select place_events($1::integer)', [PLACED_MAX]);
  const { rows } = await db.query<EventsEnd>(
    'select coalesce(max(position), 0) as newest, events_stream() as stream from events',
  );
  const [end] = rows;
  if (!end) throw new Error('the database did not tell how far its events have come');
  return end;
}

/** Up to `limit` events after a position that have one already, in order. */
export async function selectEvents(db: Pool | PoolClient, after: number, limit: number): Promise<EventRow[]> {
  const { rows } = await db.query<EventRow>(
    `select e.id, e.position, e.payment_key as "paymentKey", e.conomy_id as "conomyId", p.external_id as "externalId",
       e.parent_id as "parentId", e.sequence, e.type, e.at, e.status, e.final,
       case when e.command_id is not null then jsonb_build_object('id', c.id, 'type', c.type) end as command
     from events e
     join payments p on p.key = e.payment_key
     left join commands c on c.id = e.command_id
     where e.position > $1::bigint order by e.position limit $2::integer`,
    [after, limit],
  );
  return rows;
}

/** Every event of a payment in its order. */
export async function findEventsOfPayment(db: Pool, paymentKey: string): Promise<PaymentEvent[]> {
  const { rows } = await db.query<PaymentEvent>(
    'select id, sequence, type, at from events where payment_key = $1::uuid order by sequence',
    [paymentKey],
  );
  return rows;
}

export type PaymentEvent = Pick<EventRow, 'id' | 'sequence' | 'type' | 'at'>;
