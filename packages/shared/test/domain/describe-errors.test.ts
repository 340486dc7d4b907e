import { glob, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { COMMAND_PROBLEMS } from '../../src/domain/command-problems.ts';
import { describeErrors } from '../../src/domain/describe-errors.ts';
import { PROBLEMS } from '../../src/domain/request-problems.ts';

const ROOT = new URL('../../../../', import.meta.url);

test('docs/errors.md is what the code says', async () => {
  const page = await readFile(new URL('docs/errors.md', ROOT), 'utf8');
  expect(page, 'run `pnpm docs:write`').toBe(describeErrors());
});

test('no code is explained that nothing ever says', async () => {
  const said = await sources();
  const codes = [...Object.keys(PROBLEMS), ...Object.keys(COMMAND_PROBLEMS)];
  expect(codes.filter((code) => !said.includes(`'${code}'`))).toEqual([]);
});

/** All production code but the tables themselves and the reference that repeats them. */
async function sources(): Promise<string> {
  const texts: string[] = [];
  for await (const file of glob('{services,packages}/*/src/**/*.ts', { cwd: ROOT }))
    if (!/-problems\.ts$|\/reference\//.test(file)) texts.push(await readFile(new URL(file, ROOT), 'utf8'));
  return texts.join('\n');
}
