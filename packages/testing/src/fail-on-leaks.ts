/** Vitest's setup file: a test file that leaves a database, queue or stack open fails. */
import { afterAll } from 'vitest';
import { closeLeakedFixtures } from './open-fixtures.ts';

// Vitest runs the hooks of setup files last, after the test file has had its turn to close things.
afterAll(closeLeakedFixtures);
