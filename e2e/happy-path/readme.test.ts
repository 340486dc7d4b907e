import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Stack } from '@capstan/local-stack/stack';
import { writeStackFile } from '@capstan/local-stack/stack-file';
import { createTemporaryDirectory } from '@capstan/local-stack/temporary-directory';
import { needsProgram } from '@capstan/testing/needs-program';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stackClient } from '../support/stack-client.ts';

// Scenario: a newcomer pastes the calls of the README into a shell, beside a `dev` that runs.
// Goal: each does what the README says, as printed.

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [, firstSix = '', scale = ''] = [...README.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text);

const curl = needsProgram('curl', 'curl');
const openssl = needsProgram('openssl', 'openssl');
const reason = [curl, openssl].map((program) => program.reason).join(' ');

describe.skipIf(!curl.run || !openssl.run)(`the calls of the README ${reason}`.trimEnd(), () => {
  const folder = createTemporaryDirectory('capstan-readme-');
  let stack: Stack;
  let removeStackFile: () => void;

  beforeAll(async () => {
    stack = await startTestStack({ capturers: 2 });
    removeStackFile = writeStackFile(`${folder.path}/.local/stack.json`, stack.info);
  });
  afterAll(async () => {
    removeStackFile?.();
    await stack?.stop();
    await folder.remove();
  });

  const run = async (script: string) => {
    const { stdout } = await promisify(execFile)('sh', ['-ec', script], { cwd: folder.path });
    return stdout;
  };

  test('take a payment from its command to the board, and a false webhook does not move it', async () => {
    const output = await run(firstSix);
    const answers = output.split('\n').filter((line) => /^\{"/.test(line));
    const [{ payment }, { entries }, { queues }] = answers.map((line) => JSON.parse(line));
    expect(payment).toMatchObject({ externalId: 'order-1001', status: 'SETTLED', mirror: { final: true } });
    expect(entries.map(({ kind }: { kind: string }) => kind)).toContain('attempt');
    expect(output).toMatch(/^HTTP\/1\.1 200 /m);
    expect(queues.map(({ name }: { name: string }) => name)).toContain('capstan-inbox');

    const { get } = stackClient(stack);
    const isApplied = async () => {
      const { body } = await get(`/v1/payments/${payment.id}/timeline`);
      return body.entries.some(
        ({ event, appliedAt }: { event?: string; appliedAt?: string }) =>
          event === 'payment.failed' && appliedAt,
      );
    };
    await until(isApplied, { deadlineMs: 10_000, what: 'the false webhook to be applied' });
    const { body } = await get(`/v1/payments/${payment.id}`);
    expect(body.payment.status).toBe('SETTLED');
  });

  test('ask every copy of every service whether it is ready', async () => {
    const [start, ...ask] = scale.split('\n');
    expect(start).toMatch(/^npx -y pnpm@12 dev --api 2 --capturers 4/);
    const output = await run(ask.join('\n'));
    expect(output.match(/"status":"ready"/g)).toHaveLength(4);
  });
});
