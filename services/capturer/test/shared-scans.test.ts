/** One scan of an account serves every unknown create that may be in it. */
import { findCommand } from '@capstan/shared/db/commands';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import { createSharedScans } from '../src/shared-scans.ts';
import { type CapturerFixture, insertCreate, openCapturerFixture } from './capturer-fixture.ts';

describe('who asks', () => {
  /** Scans that end when they are told to; each resolves with the requests it served. */
  function heldScans() {
    const scans = createSharedScans();
    const ends: (() => void)[] = [];
    const begun: (readonly string[])[] = [];
    const run = (requests: readonly string[]) =>
      new Promise<readonly string[]>((resolve) => {
        begun.push(requests);
        ends.push(() => resolve(requests));
      });
    const endNext = async () => {
      ends.shift()?.();
      await new Promise(setImmediate);
    };
    const ask = (request: string, lane = 'a') => scans.share(lane, request, run);
    return { ask, begun, endNext };
  }

  test('while no scan is under way is served at once, together with who asks in the same moment', async () => {
    const { ask, begun, endNext } = heldScans();
    const answers = Promise.all([ask('1'), ask('2')]);
    await new Promise(setImmediate);
    await endNext();
    expect(await answers).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
    expect(begun).toHaveLength(1);
  });

  test('while a scan is under way waits for the next one, which serves all who waited', async () => {
    const { ask, begun, endNext } = heldScans();
    const first = ask('1');
    await new Promise(setImmediate);
    const later = [ask('2'), ask('3')];
    await new Promise(setImmediate);
    expect(begun).toEqual([['1']]);
    await endNext();
    expect(await first).toEqual(['1']);
    await endNext();
    expect(await Promise.all(later)).toEqual([
      ['2', '3'],
      ['2', '3'],
    ]);
  });

  test('in another lane waits for nobody', async () => {
    const { ask, begun } = heldScans();
    void ask('1');
    void ask('2', 'b');
    await new Promise(setImmediate);
    expect(begun).toEqual([['1'], ['2']]);
  });

  test('is told of a scan that failed, and the next scan runs', async () => {
    const scans = createSharedScans();
    const failing = scans.share('a', 1, () => Promise.reject(new Error('no scan')));
    const next = scans.share('b', 1, async (requests) => requests.length);
    await expect(failing).rejects.toThrow('no scan');
    expect(await next).toBe(1);
    expect(await scans.share('a', 1, async (requests) => requests.length)).toBe(1);
  });
});

describe('creates of one account whose answers were lost', () => {
  let fixture: CapturerFixture;
  beforeAll(async () => {
    fixture = await openCapturerFixture();
  });
  afterAll(() => fixture.close());

  test('are found by a few scans, not by one each', async () => {
    const { provider } = fixture.context;
    let scans = 0;
    const context = {
      ...fixture.context,
      provider: {
        ...provider,
        createPayment: async (body: string) => {
          await provider.createPayment(body);
          return { ok: false, failure: { stage: 'no_clear_answer', reason: 'reset' } } as const;
        },
        listPayments: (...call: Parameters<typeof provider.listPayments>) => {
          if (call[1].offset === 0) scans += 1;
          return provider.listPayments(...call);
        },
      },
    };
    const ids = await Promise.all(
      Array.from({ length: 40 }, async () => (await insertCreate(fixture.pool, { then: [] })).id),
    );
    const runToItsEnd = (id: string) =>
      until(
        async () => {
          await executeCommand(context, id);
          return (await findCommand(fixture.pool, id))?.status === 'succeeded';
        },
        { deadlineMs: 30_000, what: `command ${id} succeeds` },
      );
    await Promise.all(ids.map(runToItsEnd));
    expect(scans).toBeGreaterThan(0);
    expect(scans).toBeLessThan(20);
  });
});
