import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TEST_MUTATIONS, type TestMutation } from './test-mutations.ts';

/** What `pnpm mutate` runs first: each change of the table, one at a time, and the test that has to notice it. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Each starts a PostgreSQL of its own; two keep two cores busy. */
const AT_ONCE = 2;

const GROUP = ' > ';
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const titlesOf = (test: string) => test.split(GROUP);

interface Verdict {
  mutation: TestMutation;
  /** Null when the test failed, as it should. */
  survived: string | null;
}

interface Report {
  testResults: {
    message: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string }[];
  }[];
}

async function check(mutation: TestMutation): Promise<Verdict> {
  const dir = mkdtempSync(join(tmpdir(), 'capstan-mutation-'));
  try {
    const outputFile = join(dir, 'report.json');
    await runTest(mutation, outputFile);
    return { mutation, survived: whySurvived(mutation, readReport(outputFile)) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A failing run exits with 1, which is what is hoped for; what it came to is in its report. */
async function runTest({ name, file, test }: TestMutation, outputFile: string): Promise<void> {
  const args = [
    'node_modules/vitest/vitest.mjs',
    ...['run', file, '--config', 'packages/simulation/src/mutated-suite.config.ts', '--maxWorkers', '1'],
    ...['--testNamePattern', `${escaped(titlesOf(test).at(-1) ?? '')}$`],
    ...['--reporter', 'json', '--outputFile', outputFile],
  ];
  const env = { ...process.env, CAPSTAN_MUTATION: name, CAPSTAN_QUEUE: 'postgres' };
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, env }).catch(() => {});
}

function readReport(path: string): Report | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return null;
  }
}

function whySurvived({ test }: TestMutation, report: Report | null): string | null {
  if (report === null) return 'the run wrote no result';
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = results.find(({ ancestorTitles, title }) => [...ancestorTitles, title].join(GROUP) === test);
  if (named?.status === 'failed') return null;
  if (named?.status === 'passed') return 'the test passed';
  return report.testResults.map(({ message }) => message).join('\n') || 'there is no such test';
}

const left = [...TEST_MUTATIONS];
const survivors: Verdict[] = [];
async function work(): Promise<void> {
  for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
    const verdict = await check(mutation);
    if (verdict.survived !== null) survivors.push(verdict);
    const done = TEST_MUTATIONS.length - left.length;
    const said = verdict.survived === null ? 'noticed ' : `SURVIVED (${verdict.survived})`;
    process.stdout.write(`${said}  ${mutation.name}  [${done} of ${TEST_MUTATIONS.length} begun]\n`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.stdout.write(
  `${TEST_MUTATIONS.length - survivors.length} of ${TEST_MUTATIONS.length} changes are noticed by the test that is there for them\n`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
