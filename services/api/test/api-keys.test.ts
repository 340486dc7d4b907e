import { expect, test } from 'vitest';
import { findApiKey, parseApiKeys } from '../src/api-keys.ts';

const SECRET = 'a-secret-long-enough';

test('a key without scopes has all, one with scopes only those', () => {
  const keys = parseApiKeys(`full:${SECRET}, narrow:${SECRET}2:read+enqueue`);

  expect(keys.map(({ name, scopes }) => [name, [...scopes]])).toEqual([
    ['full', ['read', 'enqueue', 'operate']],
    ['narrow', ['read', 'enqueue']],
  ]);
});

test.each([
  ['no secret', 'a', '"a": must be name:secret'],
  ['an empty secret', 'a:', 'at least 16 characters'],
  ['a short secret', 'a:short', 'at least 16 characters'],
  ['no name', `:${SECRET}`, 'key 1: needs a name'],
  ['an empty entry', `a:${SECRET},`, 'key 2: needs a name'],
  ['one name twice', `a:${SECRET},a:${SECRET}2`, 'the name "a" is there twice'],
  ['one secret twice', `a:${SECRET},b:${SECRET}`, '"a" and "b" have the same secret'],
  ['an unknown scope', `a:${SECRET}:admin`, 'scope "admin" must be one of read, enqueue, operate'],
  ['a part too many', `a:${SECRET}:read:x`, 'must be name:secret'],
])('%s is refused by name and never by secret', (_name, text, message) => {
  expect(() => parseApiKeys(text)).toThrow(message);
  expect(() => parseApiKeys(text)).not.toThrow(SECRET);
});

test('only the whole secret as a Bearer token is let in', () => {
  const keys = parseApiKeys(`a:${SECRET},b:${SECRET}2`);

  expect(findApiKey(keys, `Bearer ${SECRET}2`)?.name).toBe('b');
  for (const header of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    SECRET,
    `Basic ${SECRET}`,
    `Bearer ${SECRET.slice(1)}`,
    `Bearer ${SECRET} x`,
  ]) {
    expect(findApiKey(keys, header)).toBeNull();
  }
});
