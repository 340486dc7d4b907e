import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** What still moves. */
export interface Unrest {
  /** Commands by status that are neither ended, parked nor behind a parked one. */
  open: number;
  /** Payments in a state that the provider leaves by itself. */
  moving: number;
  deliveries: number;
}

const LOOK_MS = 500;

/**
 * Waits until nothing moves any more, for `deadlineMs` at most.
 * @returns what still moved at the end.
 */
export async function awaitQuiet(
  databaseUrl: string,
  deadlineMs: number,
  show: (unrest: Unrest) => void,
  signal: AbortSignal,
): Promise<Unrest> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const until = performance.now() + deadlineMs;
  try {
    for (;;) {
      const unrest = await look(client);
      show(unrest);
      if (unrest.open + unrest.moving + unrest.deliveries === 0 || performance.now() > until) return unrest;
      await delay(LOOK_MS, undefined, { signal });
    }
  } finally {
    await client.end();
  }
}

/** Of the commands accepted so far: how many have ended or wait for a person, from 0 to 1. */
export async function shareEnded(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ share: number | null }>(
      `select avg((status in ('succeeded', 'rejected', 'canceled', 'parked'))::int)::float8 as share from commands`,
    );
    return rows[0]?.share ?? 1;
  } finally {
    await client.end();
  }
}

async function look(client: pg.Client): Promise<Unrest> {
  const { rows } = await client.query<Unrest>(
    `select
       (select count(*)::int from commands c where status in ('accepted', 'executing', 'unresolved')
          or (status = 'blocked' and not exists (
            select from commands p where p.payment_key = c.payment_key and p.status = 'parked'))) as open,
       (select count(*)::int from payments where not final and conomy_id is not null
          and (status is null or status not in ('CREATED', 'AUTHORIZED', 'ATTEMPT'))) as moving,
       (select count(*)::int from webhook_deliveries where applied_at is null) as deliveries`,
  );
  return rows[0] ?? { open: 0, moving: 0, deliveries: 0 };
}
