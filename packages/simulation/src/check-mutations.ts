import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestMutation } from './named/test-mutation.ts';
import { TEST_MUTATIONS } from './test-mutations.ts';

/**
 * What `pnpm mutate` runs first: each change of the table, one at a time, and the test that has to notice it. With words behind
 * `pnpm mutate:named`, only the changes with one of them in their name or the name of their test file.
 */
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

const words = process.argv.slice(2);
const chosen = TEST_MUTATIONS.filter(
  ({ name, file }) => words.length === 0 || words.some((word) => `${name} ${file}`.includes(word)),
);
const left = [...chosen];
const beganMs = performance.now();
const survivors: Verdict[] = [];
async function work(): Promise<void> {
  for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
    const verdict = await check(mutation);
    if (verdict.survived !== null) survivors.push(verdict);
    const begun = chosen.length - left.length;
    const said = verdict.survived === null ? 'noticed ' : `SURVIVED (${verdict.survived})`;
    process.stdout.write(`${said}  ${mutation.name}  [${begun} of ${chosen.length} begun]\n`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.stdout.write(
  `${chosen.length - survivors.length} of ${chosen.length} changes are noticed by the test that is there for them, in ${Math.round((performance.now() - beganMs) / 1_000)} s\n`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
