import { onTestFinished } from 'vitest';
import { type RunningSandbox, type SandboxOptions, startSandbox } from '../src/start-sandbox.ts';

export const CREDENTIALS = { apiKey: 'key-1', clientId: 'client-1', clientSecret: 'secret-1' };

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: assertions read answers of every shape.
  body: any;
}

export interface SandboxClient {
  sandbox: RunningSandbox;
  /** Headers of an authorized call. */
  headers: Record<string, string>;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  /** Creates and captures; fails the test unless both are taken. */
  capture(body: object): Promise<string>;
  ledger(): Promise<Answer['body']>;
  transition(id: string, status: string): Promise<Answer>;
  faults(rules: object[], seed?: number): Promise<Answer>;
}

/** A sandbox of the test's own, closed at its end. Timers never fire unless the test asks for them. */
export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<SandboxClient> {
  const still = { capturedToReceivedMs: null, receivedToSettledMs: null };
  const sandbox = await startSandbox({ credentials: CREDENTIALS, timers: still, ...options });
  onTestFinished(() => sandbox.close());
  const { apiKey, ...client } = CREDENTIALS;
  const gateway = { 'x-api-key': apiKey, 'user-agent': 'sandbox-test/1.0' };
  const auth = await send(sandbox.url, 'POST', '/sandbox/auth', gateway, client);
  const headers = { ...gateway, authorization: `Bearer ${auth.body.accessToken}` };
  const get = (path: string) => send(sandbox.url, 'GET', path, headers);
  const post = (path: string, body: unknown = {}) => send(sandbox.url, 'POST', path, headers, body);
  return {
    sandbox,
    headers,
    get,
    post,
    capture: async (body) => {
      const created = await post('/sandbox/payments', body);
      const captured = await post(`/sandbox/payments/${created.body.id}/captured`);
      if (captured.status !== 200) throw new Error(`not captured: ${JSON.stringify(captured.body)}`);
      return captured.body.id;
    },
    ledger: async () => (await get('/_sandbox/ledger')).body,
    transition: (id, status) => post(`/_sandbox/payments/${id}/transition`, { status }),
    faults: (rules, seed = 1) => post('/_sandbox/faults', { seed, rules }),
  };
}

/** One call. Without `body` nothing is sent; a text is sent as it is. */
export async function send(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(url + path, {
    method,
    headers: { ...headers, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(text === undefined ? {} : { body: text }),
    ...(signal ? { signal } : {}),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}
