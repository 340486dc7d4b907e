import { startSandbox } from '@capstan/conomy-sandbox/start-sandbox';
import { type ConomyClient, createConomyClient } from '@capstan/shared/provider/conomy/client';
import type { Traffic } from '@capstan/shared/provider/traffic';
import { registerFixture } from './open-fixtures.ts';

const credentials = { apiKey: 'test-api-key', clientId: 'test-client', clientSecret: 'test-client-secret' };

export interface TestProvider {
  client: ConomyClient;
  /** A control route of the sandbox: GET without a body, POST with one. */
  control(path: string, body?: unknown): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/**
 * A sandbox in this process and a real client of it. Captured payments stay `CAPTURED` until the test moves
 * them; no webhook is sent.
 */
export async function startTestProvider({
  callTimeoutMs,
  traffic,
}: {
  callTimeoutMs: number;
  traffic?: Traffic;
}): Promise<TestProvider> {
  const timers = { capturedToReceivedMs: null, receivedToSettledMs: null };
  const sandbox = await startSandbox({ credentials, timers });
  const client = createConomyClient({
    ...credentials,
    baseUrl: `${sandbox.url}/sandbox`,
    sandboxWebhookUrl: `${sandbox.url}/sandboxwebhook`,
    apiVersion: '24-04-2025',
    userAgent: 'Capstan-test/1',
    callTimeoutMs,
    traffic,
  });
  const close = registerFixture('sandbox', async () => {
    await client.close();
    await sandbox.close();
  });
  return { client, control: (path, body) => control(`${sandbox.url}/_sandbox/${path}`, body), close };
}

async function control(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<Record<string, unknown>>;
}
