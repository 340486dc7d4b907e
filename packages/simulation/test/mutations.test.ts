import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTestDatabase } from '@capstan/testing/test-database';
import { expect, onTestFinished, test } from 'vitest';
import type { Breach } from '../src/invariants.ts';
import { MUTATIONS } from '../src/mutations.ts';

/** A stop that outlasts a claim at the right place is rare: one seed in about 40 shows what fencing is for. */
const SEEDS = 600;
const path = (name: string) => fileURLToPath(new URL(`../src/${name}`, import.meta.url));

test.for(MUTATIONS)(
  'without $name the simulation turns red',
  { timeout: 300_000 },
  async ({ name, noticedBy }, { signal }) => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--conditions=source',
        `--import=${path('load-mutated.ts')}`,
        path('run-mutated.ts'),
        database.url,
        String(SEEDS),
      ],
      { env: { ...process.env, CAPSTAN_MUTATION: name }, signal },
    );
    const { breaches } = JSON.parse(stdout) as { seeds: number; breaches: Breach[] };
    expect(breaches.map(({ invariant }) => invariant)).toContain(noticedBy);
  },
);
