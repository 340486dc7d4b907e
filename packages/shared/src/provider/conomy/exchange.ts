import type { Dispatcher } from 'undici';
import type { ProviderFailure } from '../payment-provider.ts';
import { type Deadline, reasonOfAbort } from './deadline.ts';
import { reasonOfTransportError } from './transport-reason.ts';
import { unpackAnswer } from './unpack-answer.ts';

/** One HTTP request as it goes on the wire. */
export interface WireRequest {
  method: 'GET' | 'POST';
  /** Path with query, already encoded. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** A longer answer body is not read to its end; the call then has no clear answer. */
  answerBytesMax: number;
}

/** A complete HTTP answer of any status, or why there is none. */
export type Exchange =
  | { complete: true; status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }
  | { complete: false; failure: ProviderFailure };

/**
 * Sends one request once and waits for the complete answer. Never rejects, never follows a redirect, never
 * sends again.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: WireRequest,
  deadline: Deadline,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(request.answerBytesMax, deadline, resolve);
    if (handler.ended) return;
    const { method, path, headers, body = null } = request;
    dispatcher.dispatch({ method, path, headers, body }, handler);
  });
}

/**
 * Knows for certain whether a request may have left.
 *
 * undici calls `onRequestStart` synchronously before the first write of the request to its socket, and
 * writes nothing when the call is aborted in there. So until `onRequestStart` let the request pass, no byte
 * has left: the failure is `not_sent`, whatever the error was. From then on it is `no_clear_answer`, also
 * when the write itself failed: the kernel may have sent a part.
 *
 * A request that waits for a connection cannot be taken back from undici's queue. It is given up by
 * answering its caller at once and aborting it in `onRequestStart` should its turn come.
 */
export class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #answerBytesMax: number;
  readonly #deadline: Deadline;
  readonly #settle: (result: Exchange) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;
  #status: number | undefined;
  #headers: Record<string, string | string[] | undefined> = {};
  #bytes = 0;

  constructor(answerBytesMax: number, deadline: Deadline, settle: (result: Exchange) => void) {
    this.#answerBytesMax = answerBytesMax;
    this.#deadline = deadline;
    this.#settle = settle;
    deadline.signal.addEventListener('abort', this.#onAbort);
    if (deadline.signal.aborted) this.#onAbort();
  }

  get ended(): boolean {
    return this.#ended;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A process that was stopped for a while may get the connection before its overdue timers.
    const nowMs = performance.now();
    if (nowMs >= this.#deadline.atMs) this.#fail('timeout');
    if (nowMs >= this.#deadline.startByMs) this.#fail('deadline_passed');
    // A second start would be a second sending: undici must never do that to a write.
    if (this.#ended || this.#controller)
      controller.abort(new Error('a request that is over must not be sent'));
    else this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#answerBytesMax) this.#fail('answer_too_large');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const status = this.#status;
    const headers = this.#headers;
    const unpacked = unpackAnswer(Buffer.concat(this.#chunks), headers, this.#answerBytesMax);
    if (status === undefined) this.#fail('transport_error');
    else if (!unpacked.ok) this.#fail(unpacked.reason);
    else this.#end({ complete: true, status, headers, body: unpacked.body });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#fail(reasonOfTransportError(error, this.#status !== undefined));
  }

  readonly #onAbort = (): void => this.#fail(reasonOfAbort(this.#deadline.signal));

  #fail(reason: string): void {
    if (this.#ended) return;
    const stage = this.#controller ? 'no_clear_answer' : 'not_sent';
    const failure: ProviderFailure = { stage, reason };
    if (this.#status !== undefined) failure.httpStatus = this.#status;
    this.#end({ complete: false, failure });
    this.#controller?.abort(new Error(`call ended: ${reason}`));
  }

  #end(result: Exchange): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadline.signal.removeEventListener('abort', this.#onAbort);
    this.#settle(result);
  }
}
