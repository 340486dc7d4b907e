import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { commonSettings, wholeNumber } from '../../src/config/common-settings.ts';
import { ConfigError, parseEnv, type Settings, summarizeConfig } from '../../src/config/parse-env.ts';

const SETTINGS = {
  PORT: { description: 'port to listen on', schema: wholeNumber(0, 65_535), default: '3000' },
  NAME: { description: 'who we are', schema: z.string().max(5, 'must have at most 5 characters') },
  TOKEN: {
    description: 'lets us in',
    schema: z.string().min(8, 'must have at least 8 characters'),
    secret: true,
  },
} satisfies Settings;

const GOOD = { NAME: 'capi', TOKEN: 'top-secret-token' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parse-env-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function secretFile(content: string): string {
  const path = join(folder, `secret-${Math.trunc(performance.now() * 1_000)}`);
  writeFileSync(path, content);
  return path;
}

function problemsOf(env: Record<string, string>, settings: Settings = SETTINGS): readonly string[] {
  try {
    parseEnv(settings, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('a good environment', () => {
  test('becomes a frozen object with defaults and converted values', () => {
    const parsed = parseEnv(SETTINGS, { ...GOOD, UNRELATED: 'x' });
    expect(parsed).toEqual({ PORT: 3_000, NAME: 'capi', TOKEN: 'top-secret-token' });
    expect(Object.isFrozen(parsed)).toBe(true);
  });

  test('may give a secret by file, without the line end that editors add', () => {
    const { NAME } = GOOD;
    expect(parseEnv(SETTINGS, { NAME, TOKEN_FILE: secretFile('from-a-file\n') }).TOKEN).toBe('from-a-file');
  });

  test('is summarised with secrets only as configured or not', () => {
    const parsed = parseEnv(SETTINGS, GOOD);
    expect(summarizeConfig(SETTINGS, parsed)).toEqual({
      PORT: 3_000,
      NAME: 'capi',
      TOKEN: { configured: true },
    });
    expect(JSON.stringify(summarizeConfig(SETTINGS, { TOKEN: '' }))).toContain(
      '"TOKEN":{"configured":false}',
    );
  });
});

describe('a bad environment', () => {
  test('is refused naming every variable that is missing, with what it is for', () => {
    expect(problemsOf({})).toEqual(['NAME: is not set (who we are)', 'TOKEN: is not set (lets us in)']);
  });

  test('an empty variable counts as not set', () => {
    expect(problemsOf({ ...GOOD, NAME: '' })).toEqual(['NAME: is not set (who we are)']);
    expect(parseEnv(SETTINGS, { ...GOOD, PORT: '' }).PORT).toBe(3_000);
  });

  test('a bad value is shown with the reason', () => {
    expect(problemsOf({ ...GOOD, NAME: 'far too long', PORT: '70000' })).toEqual([
      'PORT="70000": must be a whole number from 0 to 65535',
      'NAME="far too long": must have at most 5 characters',
    ]);
  });

  test('a bad secret is named without its value', () => {
    expect(problemsOf({ ...GOOD, TOKEN: 'hush' })).toEqual(['TOKEN: must have at least 8 characters']);
    expect(problemsOf({ NAME: 'capi', TOKEN_FILE: secretFile('hush') })).toEqual([
      'TOKEN: must have at least 8 characters',
    ]);
  });

  test('a secret given both ways is refused', () => {
    expect(problemsOf({ ...GOOD, TOKEN_FILE: secretFile('other') })).toEqual([
      'TOKEN: set either TOKEN or TOKEN_FILE, not both',
    ]);
  });

  test('a secret file that cannot be read is named', () => {
    expect(problemsOf({ NAME: 'capi', TOKEN_FILE: join(folder, 'absent') })).toEqual([
      expect.stringMatching(/^TOKEN_FILE=".*absent": cannot be read \(ENOENT/),
    ]);
  });

  test('an empty secret file does not pass for a secret', () => {
    expect(problemsOf({ NAME: 'capi', TOKEN_FILE: secretFile('\n') })).toEqual([
      'TOKEN: must have at least 8 characters',
    ]);
  });

  test('only secrets come from files', () => {
    expect(problemsOf({ TOKEN: GOOD.TOKEN, NAME_FILE: secretFile('capi') })).toEqual([
      'NAME: is not set (who we are)',
    ]);
  });

  test('the error message lists all problems', () => {
    expect(() => parseEnv(SETTINGS, {})).toThrow(
      /not usable:\n {2}- NAME: is not set .*\n {2}- TOKEN: is not set/,
    );
  });
});

describe('the settings every service has', () => {
  const env = {
    DATABASE_URL: 'postgres://user:password@host/capstan',
    QUEUE_URL: 'redis://host',
    CONOMY_BASE_URL: 'https://api.example.com/api/',
    CONOMY_CLIENT_ID: 'client',
  };

  test('parse with their defaults; the base URL loses the slash at its end', () => {
    const parsed = parseEnv(commonSettings(3_001), env);
    expect(parsed).toMatchObject({
      PORT: 3_001,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      DRAIN_TIMEOUT_MS: 25_000,
    });
    expect(parsed.CONOMY_BASE_URL).toBe('https://api.example.com/api');
  });

  test.each([
    ['DATABASE_URL', 'mysql://host/db', /^DATABASE_URL: must be a PostgreSQL URL/],
    ['QUEUE_URL', 'amqp://host', /^QUEUE_URL: must start with redis:\/\/, rediss:\/\/ or postgres:\/\/$/],
    ['CONOMY_BASE_URL', 'api.example.com', /^CONOMY_BASE_URL="api.example.com": must be an http\(s\) URL/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL="loud": must be one of trace/],
    ['PORT', '-1', /^PORT="-1": must be a whole number from 0 to 65535$/],
    ['PORT', '1e3', /^PORT="1e3": must be a whole number/],
  ])('refuse %s=%s', (name, value, problem) => {
    expect(problemsOf({ ...env, [name]: value }, commonSettings(0))).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  test('never show a secret in what goes wrong', () => {
    const secret = fc.string({ minLength: 6, unit: fc.constantFrom(...'ABCDEFGHJKLMNPQRSTUVWXYZ') });
    fc.assert(
      fc.property(secret, fc.constantFrom('DATABASE_URL', 'QUEUE_URL'), (value, name) => {
        const text = problemsOf({ ...env, PORT: 'x', [name]: `http://${value}` }, commonSettings(0)).join(
          '\n',
        );
        expect(text).toContain(name);
        expect(text).not.toContain(value);
      }),
    );
  });
});
