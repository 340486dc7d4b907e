/**
 * A receiver of Capstan's pushes that handles each event once, although each may come more than once.
 *
 *   DATABASE_URL=postgres://… UPSTREAM_SECRETS=whsec_… PORT=4000 node receive-events.mjs
 *
 * Then start Capstan's reconciler with UPSTREAM_URL=http://…:4000/events and the same secret.
 */
import { createServer } from 'node:http';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';

const BODY_BYTES_MAX = 64 * 1024;
const database = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const verifiers = String(process.env.UPSTREAM_SECRETS)
  .split(',')
  .map((secret) => new Webhook(secret));

await database.query(`
  create table if not exists handled_events (id text primary key);
  create table if not exists orders (payment_key uuid primary key, external_id text, status text, paid boolean not null)`);

/** What your system does about an event; here an order is paid once its payment is SETTLED, and only then. */
async function handle(tx, { paymentKey, externalId, payment }) {
  await tx.query(
    `insert into orders (payment_key, external_id, status, paid) values ($1, $2, $3, $4)
     on conflict (payment_key) do update set status = excluded.status, paid = excluded.paid`,
    [paymentKey, externalId, payment.status, payment.status === 'SETTLED'],
  );
}

/** The event's id and what is done about it are one transaction: either both are there, or neither. */
async function handleOnce(event) {
  const tx = await database.connect();
  try {
    await tx.query('begin');
    const { rowCount } = await tx.query(
      'insert into handled_events (id) values ($1) on conflict do nothing',
      [event.id],
    );
    if (rowCount === 1) await handle(tx, event);
    await tx.query('commit');
  } catch (error) {
    await tx.query('rollback');
    throw error;
  } finally {
    tx.release();
  }
}

/** The signature is over the bytes as they came. */
function verify(body, headers) {
  for (const verifier of verifiers) {
    try {
      return verifier.verify(body, headers);
    } catch {
      // Another secret may fit, while secrets are rotated.
    }
  }
  return null;
}

async function readBody(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const server = createServer(async (request, response) => {
  try {
    const body = await readBody(request);
    const push = body === null ? null : verify(body, request.headers);
    if (push === null) {
      response.writeHead(401).end();
      return;
    }
    await handleOnce(push.data);
    // Only now: Capstan sends the event again until it gets a 2xx.
    response.writeHead(204).end();
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', () => {
  console.log(`receiving at http://127.0.0.1:${server.address().port}/events`);
});
