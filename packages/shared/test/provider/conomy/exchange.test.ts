// The two hazards of the wire layer that no server can bring about on demand.
import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { startDeadline } from '../../../src/provider/conomy/deadline.ts';
import { type Exchange, ExchangeHandler } from '../../../src/provider/conomy/exchange.ts';

class Controller implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  pause(): void {}
  resume(): void {}
  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
  }
}

describe('ExchangeHandler', () => {
  it('lets nothing leave when the deadline passed before its timer ran', () => {
    const results: Exchange[] = [];
    const { signal } = new AbortController();
    const overdue = { signal, atMs: performance.now() - 1, startByMs: Number.POSITIVE_INFINITY };
    const handler = new ExchangeHandler(100, overdue, (result) => results.push(result));
    const controller = new Controller();
    handler.onRequestStart(controller);
    expect(controller.aborted).toBe(true);
    expect(results).toEqual([{ complete: false, failure: { stage: 'not_sent', reason: 'timeout' } }]);
  });

  it('lets no first byte leave after the instant by which it had to, and ends no call that began before', () => {
    const results: Exchange[] = [];
    const late = startDeadline(60_000, { startMsMax: 0 });
    const handler = new ExchangeHandler(100, late, (result) => results.push(result));
    const controller = new Controller();
    handler.onRequestStart(controller);
    expect(controller.aborted).toBe(true);
    expect(results).toEqual([{ complete: false, failure: { stage: 'not_sent', reason: 'deadline_passed' } }]);

    const inTime: Exchange[] = [];
    const begun = new ExchangeHandler(100, startDeadline(60_000, { startMsMax: 60_000 }), (result) =>
      inTime.push(result),
    );
    begun.onRequestStart(new Controller());
    begun.onResponseStart(new Controller(), 200, {});
    begun.onResponseEnd();
    expect(inTime).toMatchObject([{ complete: true, status: 200 }]);
  });

  it('stops a second sending of the same request, and then has no clear answer', () => {
    const results: Exchange[] = [];
    const handler = new ExchangeHandler(100, startDeadline(60_000), (result) => results.push(result));
    const [first, second] = [new Controller(), new Controller()];
    handler.onRequestStart(first);
    handler.onRequestStart(second);
    expect([first.aborted, second.aborted]).toEqual([false, true]);
    handler.onResponseError(null, new Error('aborted'));
    expect(results).toMatchObject([{ failure: { stage: 'no_clear_answer' } }]);
  });

  it('an informational answer is not the answer', () => {
    const results: Exchange[] = [];
    const handler = new ExchangeHandler(100, startDeadline(60_000), (result) => results.push(result));
    const controller = new Controller();
    handler.onRequestStart(controller);
    handler.onResponseStart(controller, 103, {});
    handler.onResponseStart(controller, 200, { 'x-a': '1' });
    handler.onResponseEnd();
    expect(results).toMatchObject([{ complete: true, status: 200, headers: { 'x-a': '1' } }]);
  });
});
