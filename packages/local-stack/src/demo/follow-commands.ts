import type { PaymentView } from './api-answers.ts';
import type { DemoApi } from './api-client.ts';
import {
  awaitsPayment,
  hasCommandEnded,
  isDone,
  recordAcceptance,
  type TrackedCommand,
} from './tracked-command.ts';
import { isSentAfterSettlement } from './workload.ts';

/** Every wait holds a connection of the API open. */
const WAITS_MAX = 64;
/** Between two looks at a command that has not ended: what the progress line says is at most this old. */
const WAIT_S = 2;

export type FollowingApi = Pick<DemoApi, 'send' | 'waitForCommand' | 'waitForPayment' | 'findRefunds'>;

/**
 * Follows every accepted command to its end and its payment until it is final, and sends each refund once its
 * payment is SETTLED; the refund of a payment that never is stays unsent. Returns early, with commands still open,
 * when `timeUp` aborts.
 */
export async function followCommands(
  api: FollowingApi,
  all: readonly TrackedCommand[],
  signals: { signal: AbortSignal; timeUp: AbortSignal },
): Promise<void> {
  const queue = all.filter((tracked) => tracked.command && !isDone(tracked));
  const refundOf = new Map(
    all
      .filter(({ planned }) => isSentAfterSettlement(planned))
      .map((refund) => [refund.planned.externalId, refund]),
  );
  const stop = AbortSignal.any([signals.signal, signals.timeUp]);
  const follow = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await lookOnce(api, next, stop);
      if (!isDone(next)) queue.push(next);
      else if (isSettledCreate(next)) {
        const refund = refundOf.get(next.planned.externalId);
        if (refund) recordAcceptance(refund, await api.send(refund.planned, stop));
        if (refund && !isDone(refund)) queue.push(refund);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(WAITS_MAX, queue.length) }, follow));
  } catch (error) {
    signals.signal.throwIfAborted();
    if (!signals.timeUp.aborted) throw error;
  }
}

function isSettledCreate({ planned, payment }: TrackedCommand): boolean {
  return planned.command.type === 'payment.create' && payment?.status === 'SETTLED';
}

async function lookOnce(api: FollowingApi, tracked: TrackedCommand, signal: AbortSignal): Promise<void> {
  const { command } = tracked;
  if (!command) throw new Error(`command ${tracked.planned.number} cannot be followed: it was never sent`);
  if (!hasCommandEnded(tracked)) tracked.command = await api.waitForCommand(command.id, WAIT_S, signal);
  if (awaitsPayment(tracked)) tracked.payment = await lookAtPayment(api, tracked, signal);
}

/** What the command made: its payment, or of a refund the payment that is the refund. */
async function lookAtPayment(
  api: FollowingApi,
  { planned, command, payment }: TrackedCommand,
  signal: AbortSignal,
): Promise<PaymentView> {
  const target = command?.payment;
  if (!target) throw new Error(`command ${planned.number} has no payment to look at`);
  switch (planned.expected.kind) {
    case 'attempted':
      // Never final: there is nothing to wait for.
      return api.waitForPayment(target.key, 0, signal);
    case 'refunded': {
      const { key } = payment ?? (await findRefundOf(api, target.id, signal));
      return api.waitForPayment(key, WAIT_S, signal);
    }
    default:
      return api.waitForPayment(target.key, WAIT_S, signal);
  }
}

/** The demo refunds a payment once at most. The refund is in the mirror since the commit that ended its command. */
async function findRefundOf(
  api: FollowingApi,
  parentId: string | undefined,
  signal: AbortSignal,
): Promise<PaymentView> {
  for await (const refund of api.findRefunds(signal)) {
    if (refund.parentPaymentId === parentId) return refund;
  }
  throw new Error(`The refund of payment ${parentId} succeeded, but GET /v1/payments?type=REFUND lacks it`);
}
