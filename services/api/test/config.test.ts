import { ConfigError, parseEnv, summarizeConfig } from '@capstan/shared/config/parse-env';
import { expect, test } from 'vitest';
import { apiSettings, drainDelayMsOf } from '../src/config.ts';

const ENV = {
  DATABASE_URL: 'postgres://capstan:db-password@127.0.0.1/capstan',
  QUEUE_URL: 'redis://127.0.0.1:6379',
  CONOMY_BASE_URL: 'https://conomy.test/api/',
  CONOMY_CLIENT_ID: 'client',
  CONOMY_CLIENT_SECRET: 'client-secret',
  CONOMY_API_KEY: 'gateway-key',
  API_KEYS: 'local:0123456789abcdef',
  CONOMY_WEBHOOK_SECRETS: 'new, old',
};

test('what is not set has a default, and the board is off without a password', () => {
  const config = parseEnv(apiSettings, ENV);

  expect(config).toMatchObject({
    HOST: '127.0.0.1',
    PORT: 3000,
    LOG_LEVEL: 'info',
    DRAIN_TIMEOUT_MS: 25_000,
    CONOMY_BASE_URL: 'https://conomy.test/api',
    CONOMY_WEBHOOK_SECRETS: ['new', 'old'],
    ADMIN_PASSWORD: '',
    VIEWER_PASSWORD: '',
    ADMIN_PORT: null,
    CONOMY_WEBHOOK_FORMS: ['body', 'header'],
    CHECK_PRODUCTS: 'off',
    PRODUCTS_TTL_S: 600,
  });
});

test.each([
  [{}, 0],
  [{ NODE_ENV: 'production' }, 5_000],
  [{ NODE_ENV: 'production', DRAIN_DELAY_MS: '0' }, 0],
  [{ DRAIN_DELAY_MS: '700' }, 700],
])('with %j a stop serves on for %i ms', (changes, delayMs) => {
  expect(drainDelayMsOf(parseEnv(apiSettings, { ...ENV, ...changes }))).toBe(delayMs);
});

test('a stop that would serve on for longer than it may take is refused', () => {
  const config = parseEnv(apiSettings, { ...ENV, DRAIN_DELAY_MS: '3000', DRAIN_TIMEOUT_MS: '3000' });
  expect(() => drainDelayMsOf(config)).toThrow(/DRAIN_DELAY_MS=3000.*less than DRAIN_TIMEOUT_MS/);
});

test.each([
  ['DATABASE_URL', 'mysql://x', 'must be a PostgreSQL URL'],
  ['QUEUE_URL', 'amqp://x', 'must start with redis://'],
  ['CONOMY_BASE_URL', 'conomy', 'must be an http(s) URL'],
  ['PORT', '70000', 'whole number from 0 to 65535'],
  ['ADMIN_PORT', 'x', 'whole number from 0 to 65535'],
  ['LOG_LEVEL', 'loud', 'must be one of'],
  ['API_KEYS', 'local:short', 'at least 16 characters'],
  ['ADMIN_PASSWORD', 'short', 'at least 8 characters'],
  ['CONOMY_WEBHOOK_SECRETS', 'a,,b', 'list of secrets'],
  ['CHECK_PRODUCTS', 'yes', 'must be on or off'],
  ['PRODUCTS_TTL_S', '0', 'whole number from 1 to 86400'],
  ['CONOMY_WEBHOOK_FORMS', 'body,cookie', 'must be body, header'],
])('a bad %s stops the start by name and reason', (name, value, reason) => {
  expect(() => parseEnv(apiSettings, { ...ENV, [name]: value })).toThrow(ConfigError);
  expect(() => parseEnv(apiSettings, { ...ENV, [name]: value })).toThrow(
    new RegExp(`${name}.*${reason.replaceAll(/[()]/g, '.')}`),
  );
});

test('the summary for the log holds no secret', () => {
  const text = JSON.stringify(
    summarizeConfig(apiSettings, parseEnv(apiSettings, { ...ENV, ADMIN_PASSWORD: 'admin-password' })),
  );

  expect(text).not.toMatch(/db-password|0123456789abcdef|admin-password|gateway-key|client-secret|"new"/);
});
