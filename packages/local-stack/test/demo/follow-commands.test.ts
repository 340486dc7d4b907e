import { describe, expect, it } from 'vitest';
import type { PaymentView } from '../../src/demo/api-answers.ts';
import type { DemoApi } from '../../src/demo/api-client.ts';
import { followCommands } from '../../src/demo/follow-commands.ts';
import { isDone, type TrackedCommand } from '../../src/demo/tracked-command.ts';
import { flawlessRun } from './flawless-run.ts';

const NEVER = new AbortController().signal;

/** Commands as they are right after they were sent. */
function justSent(count: number): TrackedCommand[] {
  return flawlessRun(count).commands.map(({ planned, refusal, command }) => ({
    planned,
    ...(refusal ? { refusal } : {}),
    ...(command ? { command: { ...command, status: 'accepted' } } : {}),
  }));
}

/** An API in which everything ends as it should, at the first look. */
function flawlessApi(count: number): Pick<DemoApi, 'waitForCommand' | 'waitForPayment'> {
  const { commands } = flawlessRun(count);
  return {
    waitForCommand: async (id) =>
      find(commands.map(({ command }) => command).find((each) => each?.id === id)),
    waitForPayment: async (key) =>
      find(commands.map(({ payment }) => payment).find((each) => each?.key === key)),
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
    const waiting: Pick<DemoApi, 'waitForCommand' | 'waitForPayment'> = {
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
