import { defineConfig } from 'vitest/config';

/** Workspace packages are imported as source. */
const resolveSource = { resolve: { conditions: ['source'], externalConditions: ['source'] } };

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: resolveSource,
  // The environment Vitest loads the global setup in; it does not take the settings above.
  environments: { __vitest__: resolveSource },
  test: {
    include: ['{services,packages}/*/test/**/*.test.ts', 'db/test/**/*.test.ts', 'e2e/**/*.test.ts'],
    globalSetup: ['packages/testing/src/global-setup.ts'],
    setupFiles: ['packages/testing/src/fail-on-leaks.ts'],
    // Two files at once keep two cores busy: most tests wait for PostgreSQL or for a process.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
