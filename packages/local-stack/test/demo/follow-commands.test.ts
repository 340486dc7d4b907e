import { describe, expect, it } from 'vitest';
import type { PaymentView } from '../../src/demo/api-answers.ts';
import { type FollowingApi, followCommands } from '../../src/demo/follow-commands.ts';
import { explainUnexpectedEnd, isDone, type TrackedCommand } from '../../src/demo/tracked-command.ts';
import { flawlessRun } from './flawless-run.ts';

const NEVER = new AbortController().signal;

/** Commands as they are right after they were sent; refunds are not yet. */
function justSent(count: number): TrackedCommand[] {
  return flawlessRun(count).commands.map(({ planned, refusal, command }) => ({
    planned,
    ...(refusal ? { refusal } : {}),
    ...(command && !planned.refunds ? { command: { ...command, status: 'accepted' } } : {}),
  }));
}

/** An API in which everything ends as it should, at the first look. */
function flawlessApi(count: number): FollowingApi {
  const { commands, mirror } = flawlessRun(count);
  return {
    send: async ({ number }) => ({ kind: 'accepted', command: find(commands[number - 1]?.command) }),
    findRefunds: async function* () {
      yield* mirror.filter(({ parentPaymentId }) => parentPaymentId);
    },
    waitForCommand: async (id) =>
      find(commands.map(({ command }) => command).find((each) => each?.id === id)),
    waitForPayment: async (key) => find(mirror.find((each) => each.key === key)),
  };
}

function find<T>(item: T | undefined): T {
  if (item === undefined) throw new Error('asked for something that was never sent');
  return item;
}

function abortable(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

describe('followCommands', () => {
  it('follows every command to its end and its payment until it is final', async () => {
    const commands = justSent(300);
    await followCommands(flawlessApi(300), commands, { signal: NEVER, timeUp: NEVER });
    expect(commands).toEqual(flawlessRun(300).commands);
  });

  it('sends a refund when its payment is settled, and not before', async () => {
    const commands = justSent(24);
    const api = flawlessApi(24);
    const settledAtSending: unknown[] = [];
    const watching: FollowingApi = {
      ...api,
      send: (planned, signal) => {
        const created = commands.find(({ planned: { externalId } }) => externalId === planned.externalId);
        settledAtSending.push(created?.payment?.status);
        return api.send(planned, signal);
      },
    };
    await followCommands(watching, commands, { signal: NEVER, timeUp: NEVER });
    expect(settledAtSending.length).toBe(commands.filter(({ planned }) => planned.refunds).length);
    expect(new Set(settledAtSending)).toEqual(new Set(['SETTLED']));
  });

  it('comes to an end without the refund of a payment that failed, and the refund counts as not sent', async () => {
    const commands = justSent(4);
    const api = flawlessApi(4);
    const failing: FollowingApi = {
      ...api,
      waitForPayment: async (...args) => ({ ...(await api.waitForPayment(...args)), status: 'FAILED' }),
    };
    await followCommands(failing, commands, { signal: NEVER, timeUp: NEVER });
    const refund = find(commands.find(({ planned }) => planned.refunds));
    expect(explainUnexpectedEnd(refund)).toBe('was to succeed with a SETTLED refund, but was never sent');
  });

  it('never waits for more than 64 at once', async () => {
    const api = flawlessApi(300);
    let underWay = 0;
    let most = 0;
    const counting: typeof api = {
      ...api,
      waitForCommand: async (...args) => {
        most = Math.max(most, ++underWay);
        await Promise.resolve();
        underWay -= 1;
        return api.waitForCommand(...args);
      },
    };
    await followCommands(counting, justSent(300), { signal: NEVER, timeUp: NEVER });
    expect(most).toBe(64);
  });

  it('comes back with what is still open when its time is up', async () => {
    const commands = justSent(8);
    const timeUp = new AbortController();
    const api = flawlessApi(8);
    const stuck: typeof api = {
      ...api,
      waitForPayment: (key, waitS, signal) => {
        if (key !== 'key-2') return api.waitForPayment(key, waitS, signal);
        queueMicrotask(() => timeUp.abort());
        return abortable(signal);
      },
    };
    await followCommands(stuck, commands, { signal: NEVER, timeUp: timeUp.signal });
    expect(commands.filter((tracked) => !isDone(tracked)).map(({ planned }) => planned.number)).toContain(2);
  });

  it('fails when it is called off', async () => {
    const callOff = new AbortController();
    const waiting: FollowingApi = {
      ...flawlessApi(8),
      waitForCommand: (_id, _waitS, signal) => {
        queueMicrotask(() => callOff.abort(new Error('called off')));
        return abortable(signal);
      },
      waitForPayment: async () => find<PaymentView>(undefined),
    };
    const following = followCommands(waiting, justSent(8), { signal: callOff.signal, timeUp: NEVER });
    await expect(following).rejects.toThrow('called off');
  });
});
