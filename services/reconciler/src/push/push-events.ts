import type { Pool } from '@capstan/shared/db/pool';
import {
  type ClaimedPush,
  claimPushes,
  countPushFault,
  disableEndpoint,
  enlistPushes,
  findEventToPush,
  hastenFailedPushes,
  markNothingToPush,
  markPushed,
  markPushFailed,
} from '@capstan/shared/db/pushes';
import { toToldEvent } from '@capstan/shared/domain/told-event';
import { countTries } from '@capstan/shared/queue/count-tries';
import type { Logger } from '@capstan/shared/telemetry/logger';
import { DISABLED_AFTER_MS, pushDelayMs } from './push-delay.ts';
import type { Receiver } from './receiver.ts';

export interface PushContext {
  pool: Pool;
  receiver: Receiver;
  log: Logger;
  /** In [0, 1). */
  random: () => number;
  /** A push cannot still be under way after this. */
  leaseMs: number;
}

const ENLISTED_MAX = 500;
const AT_ONCE_MAX = 16;
const HASTENED_MAX = 1_000;

/**
 * Pushes what is due: of each payment the next event, of different payments many at once.
 * @returns whether there may be more to do at once.
 */
export async function pushEvents(context: PushContext): Promise<boolean> {
  const enlisted = await enlistPushes(context.pool, ENLISTED_MAX);
  const hastened = await hastenFailedPushes(context.pool, HASTENED_MAX);
  const claimed = await claimPushes(context.pool, AT_ONCE_MAX, context.leaseMs);
  await Promise.all(claimed.map((push) => tryPush(context, push)));
  return claimed.length > 0 || enlisted === ENLISTED_MAX || hastened === HASTENED_MAX;
}

function tryPush(context: PushContext, push: ClaimedPush): Promise<void> {
  return countTries(
    context.log,
    { kind: 'push', id: push.paymentKey },
    () => pushNext(context, push),
    (failure) => countPushFault(context.pool, push, failure),
  );
}

async function pushNext(context: PushContext, push: ClaimedPush): Promise<void> {
  const event = await findEventToPush(context.pool, push);
  if (event === null) return markNothingToPush(context.pool, push);
  const told = toToldEvent(event);
  // The members the specification recommends; every try of the event has the same bytes.
  const body = JSON.stringify({ type: told.type, timestamp: told.at, data: told });
  const answer = await context.receiver.push(told.id, body, push.claimedAt);
  if (answer.taken) {
    await markPushed(context.pool, push);
    return;
  }
  const { reason, gone, retryAfterMs } = answer;
  const againMs = Math.max(retryAfterMs ?? 0, pushDelayMs(push.attempts + 1, context.random()));
  const { failingMs } = await markPushFailed(context.pool, push, { againMs, reason });
  context.log.warn(
    {
      event: 'push.failed',
      eventId: told.id,
      paymentKey: push.paymentKey,
      attempt: push.attempts + 1,
      reason,
      againMs,
    },
    `an event was not taken: ${reason}`,
  );
  if (gone) await disable(context, 'the receiver answered with 410');
  else if (failingMs > DISABLED_AFTER_MS)
    await disable(context, `nothing was taken for ${sayDays(failingMs)}, last: ${reason}`);
}

async function disable({ pool, log }: PushContext, reason: string): Promise<void> {
  if (!(await disableEndpoint(pool, reason))) return;
  log.error(
    { event: 'push.disabled', reason },
    `pushes are off: ${reason}. Mend the receiver, then POST /v1/push-endpoint/enable; no event is lost meanwhile`,
  );
}

function sayDays(ms: number): string {
  return `${(ms / 86_400_000).toFixed(1)} days`;
}
