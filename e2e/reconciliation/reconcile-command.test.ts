import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack } from '@capstan/local-stack/stack';
import { writeStackFile } from '@capstan/local-stack/stack-file';
import { createConomyClient } from '@capstan/shared/provider/conomy/client';
import { collectBody } from '@capstan/testing/create-bodies';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { runCapstan, runCapstanIn } from '../support/run-capstan.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: payments settle, then somebody makes one in the dashboard and the mirror of another is damaged.
// Goal: `capstan reconcile` says zero drift, then what differs without touching it, then mends it, and says zero drift again.

let stack: Stack;
let client: StackClient;
const folder = mkdtempSync(join(tmpdir(), 'capstan-report-'));
beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
  client = stackClient(stack);
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const today = () => new Date().toISOString().slice(0, 10);
const reconcile = (...options: string[]) =>
  runCapstan(stack, ['reconcile', '--from', today(), '--report', folder, ...options]);

function reportOf(output: string) {
  const [, path = ''] = /Report: .* and (.*\.json)/.exec(output) ?? [];
  const page = readFileSync(path.replace(/json$/, 'html'), 'utf8');
  return { report: JSON.parse(readFileSync(path, 'utf8')), page };
}

test('days are compared, told apart and mended', { timeout: 60_000 }, async () => {
  const sent = await sendCollects(client, 12);
  await expectAllSettledOnce(client, sent, 30_000);

  const clean = await reconcile();
  expect(clean).toMatchObject({ code: 0, output: expect.stringContaining('Zero drift') });
  expect(reportOf(clean.output)).toMatchObject({
    report: { zeroDrift: true, days: [{ day: today(), listed: 12, mirrored: 12, agreed: 12, findings: [] }] },
    page: expect.stringContaining('Zero drift'),
  });

  const [{ key: oldestKey } = { key: '' }] = await askDatabase<{ key: string }>(
    stack,
    'select key from payments order by key limit 1',
  );
  const conomy = createConomyClient({
    ...stack.info.conomy,
    apiVersion: '24-04-2025',
    userAgent: 'somebody-else/1',
    callTimeoutMs: 5_000,
  });
  const foreign = await conomy.createPayment(JSON.stringify(collectBody(randomUUID())));
  await conomy.close();
  if (!foreign.ok) throw new Error(foreign.failure.reason);
  const truth = await client.get(`/v1/payments/${oldestKey}`);
  await askDatabase(
    stack,
    `update payments set snapshot = jsonb_set(snapshot, '{totalAmount}', '"1.00"')
     where key = (select key from payments order by key limit 1)`,
  );

  const dry = await reconcile('--dry-run');
  expect(dry).toMatchObject({ code: 1, output: expect.stringContaining('2 differ') });
  expect(await client.get('/v1/discrepancies')).toMatchObject({ body: { discrepancies: [] } });

  const found = await reconcile();
  expect(found).toMatchObject({ code: 1, output: expect.stringContaining('A person has to look') });
  const open = await client.get('/v1/discrepancies?status=open');
  // The amount was wrong in the mirror alone: the read says what was asked for, so nobody has to look at it.
  expect(open.body.discrepancies).toMatchObject([{ kind: 'missing_here' }]);
  expect((await client.get(`/v1/payments/${oldestKey}`)).body.payment.totalAmount).toBe(
    truth.body.payment.totalAmount,
  );

  const repaired = await reconcile('--repair');
  expect(repaired).toMatchObject({ code: 0 });
  expect((await client.get(`/v1/payments/${foreign.value.id}`)).body.payment.status).toBe('CREATED');
  expect(await reconcile()).toMatchObject({ code: 0, output: expect.stringContaining('Zero drift') });
});

describe('the doctor', () => {
  test('finds a Conomy that is as documented, and moves nothing', async () => {
    const before = await client.ledger();
    const { code, output } = await runCapstan(stack, ['doctor']);
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('All is as documented'),
    });
    expect(output.match(/^ {2}ok {6}/gm)).toHaveLength(5);
    expect((await client.ledger()).payments.map(({ effects }) => effects)).toEqual(
      before.payments.map(({ effects }) => effects),
    );
  });

  test('says what differs', async () => {
    await client.control('faults', {
      seed: 1,
      rules: [{ operation: 'read', fault: 'unknown-status', count: 1 }],
    });
    const { code, output } = await runCapstan(stack, ['doctor']);
    expect(code).toBe(1);
    expect(output).toMatch(/differs payment\.\w+ \(string\): a payment status that no document names/);
  });

  test('names credentials that are refused', async () => {
    const { code, output } = await runCapstan(stack, ['doctor'], { CONOMY_CLIENT_SECRET: 'wrong' });
    expect(code).toBe(1);
    expect(output).toMatch(/failed {2}credentials and the list of payments: credentials_refused/);
  });
});

test('nothing Conomy says in ordinary work counts as drift', async () => {
  const seen = await askDatabase(stack, 'select kind, place, name, seen from drift');
  expect(seen).toEqual([]);
});

test('where the report cannot be written nothing is compared', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  // A database that is away: whoever asks it first waits for it.
  const away = { DATABASE_URL: 'postgres://127.0.0.1:1/away' };
  const { code, output } = await runCapstan(stack, ['reconcile', '--from', today(), '--report', file], away);
  expect(code).toBe(2);
  expect(output).toContain(`cannot be written to ${file} (EEXIST), so nothing was compared`);
});

describe('with nothing configured', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'capstan-checkout-'));
  const below = join(checkout, 'services', 'api');
  mkdirSync(below, { recursive: true });
  let remove = () => {};
  beforeAll(() => {
    remove = writeStackFile(join(checkout, '.local', 'stack.json'), stack.info);
  });
  afterAll(() => {
    remove();
    rmSync(checkout, { recursive: true, force: true });
  });

  test.each([[['doctor']], [['reconcile', '--from', today()]]])(
    '%j finds the dev stack that runs above this folder',
    async (args) => {
      const { code, output } = await runCapstanIn(below, args);
      expect(output).toContain(`taking that of the dev stack at ${stack.info.api[0]?.url}`);
      expect(output).toContain(stack.info.conomy.baseUrl);
      expect(code).not.toBe(2);
    },
  );

  test('a configuration of the caller is not mixed with it', async () => {
    const { code, output } = await runCapstanIn(below, ['doctor'], { CONOMY_API_KEY: 'of-the-caller' });
    expect(code).toBe(2);
    expect(output).toContain('CONOMY_BASE_URL: is not set');
  });

  test('a stack that does not answer any more is not taken', async () => {
    const gone = mkdtempSync(join(tmpdir(), 'capstan-gone-'));
    const api = [{ url: 'http://127.0.0.1:1', pid: 1 }];
    const removeGone = writeStackFile(join(gone, '.local', 'stack.json'), { ...stack.info, api });
    const { code, output } = await runCapstanIn(gone, ['doctor']);
    removeGone();
    rmSync(gone, { recursive: true, force: true });
    expect(code).toBe(2);
    expect(output).toContain('CONOMY_BASE_URL: is not set');
  });
});

test('--help tells how to use it', async () => {
  const { code, output } = await runCapstan(stack, ['reconcile', '--help']);
  expect(code).toBe(0);
  expect(output).toContain('usage: capstan reconcile');
});

test.each([
  [[], '"" is not a command'],
  [['reconcile'], '--from is missing'],
  [['reconcile', '--from', '2026-02-30'], '"2026-02-30" is not a day'],
  [['reconcile', '--from', '2026-02-02', '--to', '2026-02-01'], 'is before'],
  [['reconcile', '--from', '2026-02-02', '--dry-run', '--repair'], 'contradict each other'],
  [['reconcile', '--from', '2026-02-02', '--fix'], "Unknown option '--fix'"],
])('%j is refused with how to write it', async (args, message) => {
  const { code, output } = await runCapstan(stack, args);
  expect(code).toBe(2);
  expect(output).toContain(message);
  expect(output).toContain('usage: capstan reconcile');
});
