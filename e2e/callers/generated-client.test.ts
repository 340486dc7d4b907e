import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stackClient } from '../support/stack-client.ts';

// Scenario: a team makes its client from the API document of a running Capstan, as examples/typescript-client does.
// Goal: what is generated compiles under strict rules, and takes one payment from its command to SETTLED.

const CLIENT = fileURLToPath(new URL('../../examples/typescript-client/', import.meta.url));

let stack: Stack;
beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
});
afterAll(() => stack?.stop());

async function inClient(command: string, args: string[]): Promise<string> {
  const env = { ...process.env, CAPSTAN_API: stack.apis[0]?.url ?? '', CAPSTAN_KEY: stack.info.apiKey };
  const { stdout } = await promisify(execFile)(command, args, { cwd: CLIENT, env });
  return stdout;
}

test('a client generated from the API document compiles and takes a payment to its end', {
  timeout: 120_000,
}, async () => {
  const document = `${stack.apis[0]?.url}/openapi.json`;
  await inClient('node_modules/.bin/openapi-typescript', [document, '-o', 'generated/capstan.d.ts']);
  await inClient('node_modules/.bin/tsc', ['-p', '.']);
  const told = JSON.parse(await inClient(process.execPath, ['pay.ts']));
  expect(told).toMatchObject({ status: 'SETTLED', final: true });
  const { payments } = await stackClient(stack).ledger();
  expect(payments).toMatchObject([{ id: told.id, effects: { create: 1, capture: 1 } }]);
});
