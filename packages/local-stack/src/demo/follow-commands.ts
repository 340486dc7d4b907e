import type { DemoApi } from './api-client.ts';
import { awaitsPayment, hasCommandEnded, isDone, type TrackedCommand } from './tracked-command.ts';

/** Every wait holds a connection of the API open. */
const WAITS_MAX = 64;
/** Between two looks at a command that has not ended: what the progress line says is at most this old. */
const WAIT_S = 2;

type Waiting = Pick<DemoApi, 'waitForCommand' | 'waitForPayment'>;

/**
 * Follows every accepted command to its end and its payment until it is final. Returns early, with commands
 * still open, when `timeUp` aborts.
 */
export async function followCommands(
  api: Waiting,
  all: readonly TrackedCommand[],
  signals: { signal: AbortSignal; timeUp: AbortSignal },
): Promise<void> {
  const queue = all.filter((tracked) => !isDone(tracked));
  const stop = AbortSignal.any([signals.signal, signals.timeUp]);
  const follow = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await lookOnce(api, next, stop);
      if (!isDone(next)) queue.push(next);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(WAITS_MAX, queue.length) }, follow));
  } catch (error) {
    signals.signal.throwIfAborted();
    if (!signals.timeUp.aborted) throw error;
  }
}

async function lookOnce(api: Waiting, tracked: TrackedCommand, signal: AbortSignal): Promise<void> {
  const { command } = tracked;
  if (!command) throw new Error(`command ${tracked.planned.number} cannot be followed: it was never sent`);
  if (!hasCommandEnded(tracked)) tracked.command = await api.waitForCommand(command.id, WAIT_S, signal);
  if (awaitsPayment(tracked)) {
    tracked.payment = await api.waitForPayment(command.payment.key, WAIT_S, signal);
  }
}
