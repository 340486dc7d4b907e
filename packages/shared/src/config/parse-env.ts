import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/** One environment variable: what it means, how it is checked and what it is when not set. */
export interface Setting<T> {
  description: string;
  schema: z.ZodType<T, string>;
  /** Text used when the variable is not set; without it the variable is required. */
  default?: string;
  /** The value never appears in a log or an error; it may also come from the file named by `<NAME>_FILE`. */
  secret?: boolean;
}

export type Settings = Record<string, Setting<unknown>>;

export type Parsed<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never;
};

/** A value that must be mended before the service can start; names every bad variable at once. */
export class ConfigError extends Error {
  readonly code = 'config_invalid';

  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Turns the environment into a frozen, typed object.
 * @throws {ConfigError} naming each variable that is missing or bad, and why.
 */
export function parseEnv<S extends Settings>(settings: S, env: NodeJS.ProcessEnv): Parsed<S> {
  const problems: string[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const raw = readRaw(name, setting, env, problems);
    if (raw === undefined) continue;
    const result = setting.schema.safeParse(raw);
    if (result.success) parsed[name] = result.data;
    else
      problems.push(`${name}${shown(setting, raw)}: ${result.error.issues.map((i) => i.message).join('; ')}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(parsed) as Parsed<S>;
}

/** The configuration as it may be logged: secrets say only whether they are configured. */
export function summarizeConfig(
  settings: Settings,
  parsed: Record<string, unknown>,
): Record<string, unknown> {
  const entries = Object.entries(settings).map(([name, setting]) => [
    name,
    setting.secret ? { configured: !isEmpty(parsed[name]) } : parsed[name],
  ]);
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

function readRaw(name: string, setting: Setting<unknown>, env: NodeJS.ProcessEnv, problems: string[]) {
  const fromFile = setting.secret ? env[`${name}_FILE`] : undefined;
  const direct = env[name];
  if (fromFile && direct) {
    problems.push(`${name}: set either ${name} or ${name}_FILE, not both`);
    return undefined;
  }
  if (fromFile) {
    try {
      return readFileSync(fromFile, 'utf8').trimEnd();
    } catch (error) {
      problems.push(`${name}_FILE="${fromFile}": cannot be read (${(error as Error).message})`);
      return undefined;
    }
  }
  if (direct !== undefined && direct !== '') return direct;
  if (setting.default !== undefined) return setting.default;
  problems.push(`${name}: is not set (${setting.description})`);
  return undefined;
}

function shown(setting: Setting<unknown>, raw: string): string {
  return setting.secret ? '' : `="${raw}"`;
}
