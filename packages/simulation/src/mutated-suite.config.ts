import { defineConfig, mergeConfig, type Plugin } from 'vitest/config';
import suite from '../../../vitest.config.ts';
import { applyPatches, isPatched } from './patch.ts';
import { findTestMutation } from './test-mutations.ts';

/** The suite with the mutation that `CAPSTAN_MUTATION` names: source text is changed while it is read, and nothing on disk. */
const { patches } = findTestMutation(process.env.CAPSTAN_MUTATION ?? '');

const mutated: Plugin = {
  name: 'mutated',
  enforce: 'pre',
  // The cache of modules knows a file by what is on disk: it would run one mutation with the text of another.
  configureVitest: ({ defineCacheKeyGenerator }) =>
    defineCacheKeyGenerator(({ id }) => (isPatched(id, patches) ? false : undefined)),
  transform: (source, id) => (isPatched(id, patches) ? applyPatches(id, source, patches) : undefined),
};

export default mergeConfig(suite, defineConfig({ plugins: [mutated] }));
