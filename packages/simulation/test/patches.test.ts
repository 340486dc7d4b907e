import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MUTATIONS } from '../src/mutations.ts';
import { applyPatches } from '../src/patch.ts';
import { TEST_MUTATIONS } from '../src/test-mutations.ts';

const ROOT = new URL('../../../', import.meta.url);

function sourceOf(file: string): string {
  const folder = /^(api|capturer|reconciler)\//.test(file) ? 'services' : 'packages';
  return readFileSync(fileURLToPath(new URL(`${folder}/${file}`, ROOT)), 'utf8');
}

test.for(
  [...MUTATIONS, ...TEST_MUTATIONS].flatMap(({ name, patches }) => patches.map((patch) => ({ name, patch }))),
)('what "$name" changes in $patch.file is there exactly once', ({ patch }) => {
  expect(applyPatches(`/${patch.file}`, sourceOf(patch.file), [patch])).toContain(patch.to);
});
