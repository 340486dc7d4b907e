import { findProgram } from '@capstan/local-stack/private-queue';

/** Whether tests that need an installed program can run, and the reason when they cannot. */
export interface ProgramCheck {
  run: boolean;
  /** Full path when found, empty otherwise. */
  path: string;
  /** For the test's name, such as `needs redis-server: install the Debian package redis-server`; empty when found. */
  reason: string;
}

/**
 * For tests of parts that are not required: `describe.skipIf(!redis.run)(…)`. With `CI=true` nothing may
 * be skipped, so an absent program fails the file instead.
 * @param debianPackage the package that brings the program.
 */
export function needsProgram(
  program: string,
  debianPackage: string,
  env: { CI?: string; PATH?: string } = process.env,
): ProgramCheck {
  const path = findProgram(program, env.PATH ?? '');
  if (path) return { run: true, path, reason: '' };
  const reason = `needs ${program}: install the Debian package ${debianPackage}`;
  if (env.CI === 'true') throw new Error(`With CI=true no test may be skipped, and this file ${reason}`);
  return { run: false, path: '', reason };
}
