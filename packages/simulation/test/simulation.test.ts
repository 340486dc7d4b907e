import { createTestDatabase } from '@capstan/testing/test-database';
import { describe, expect, test } from 'vitest';
import { POINTS } from '../src/points.ts';
import { runSeeds } from '../src/run-seeds.ts';

describe('200 seeds of crashes, stops and faults', () => {
  test('keep every invariant, and processes died at every named point', { timeout: 400_000 }, async () => {
    const database = await createTestDatabase();
    const { broken, points } = await runSeeds(database.url, { first: 1, count: 200 });
    await database.drop();
    expect(broken).toEqual([]);
    const neverDiedAt = POINTS.filter((point) => (points.get(point)?.crashed ?? 0) === 0);
    expect(neverDiedAt).toEqual([]);
  });
});
