import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const sourceOf = (name: string) => fileURLToPath(new URL(`./packages/${name}/src`, import.meta.url));

/**
 * The tests that Stryker runs against each mutant: pure ones, so without a database. Packages are imported by their
 * place in the tree, since Stryker works on a copy whose links still lead to the original.
 */
export default defineConfig({
  resolve: {
    conditions: ['source'],
    alias: [{ find: /^@capstan\/shared/, replacement: sourceOf('shared') }],
  },
  test: {
    include: [
      'packages/shared/test/domain/{money,mirror-move,true-events,payment-command,create-payment-body}.test.ts',
      'packages/shared/test/domain/{bound-means-equal,fee-difference,failed-write,instant,plain-decimal,external-id}.test.ts',
      'packages/shared/test/provider/list-walk.test.ts',
      'packages/shared/test/provider/conomy/signature.test.ts',
      'services/capturer/test/{classify-outcome,conclude-unknown,decide-next,judge-refund}.test.ts',
      'services/capturer/test/{compare-answer,judge-created,judge-lost-refund,scan-created}.test.ts',
    ],
    // A machine that does much else is slow, and a slow test is no mutant that was noticed.
    testTimeout: 60_000,
  },
});
