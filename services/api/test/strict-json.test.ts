import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStrictJson } from '../src/strict-json.ts';

const parse = (text: string) => parseStrictJson(Buffer.from(text));

test.each([
  ['a key with an escape is the same key', '{"a":1,"\\u0061":2}', '/a'],
  ['in an object inside a list', '{"l":[{},{"k":1,"k":1}]}', '/l/1/k'],
  ['a key that needs escaping in a pointer', '{"a/b~":1,"a/b~":1}', '/a~1b~0'],
])('a member that is there twice is found: %s', (_name, text, path) => {
  expect(parse(text)).toEqual({
    ok: false,
    faults: [{ path, message: expect.stringContaining('there twice') }],
  });
});

test('one key in several objects is no duplicate', () => {
  expect(parse('[{"a":{"a":1}},{"a":"a","b":["a","a"]}]').ok).toBe(true);
});

test.each(['12345678901234567890', '0.1234567890123456789', '1e999', '[1, -12345678901234567891]'])(
  'the number %s, which a double would change, is refused',
  (text) => {
    expect(parse(text)).toMatchObject({
      ok: false,
      faults: [{ message: expect.stringContaining('send it as a string') }],
    });
  },
);

test('brackets, commas, colons and digits inside strings mean nothing', () => {
  expect(parse('{"a":"[{,:\\"12345678901234567890","b":"\\\\"}')).toEqual({
    ok: true,
    value: { a: '[{,:"12345678901234567890', b: '\\' },
  });
});

test('everything JSON.stringify writes is read as JSON.parse reads it', () => {
  const storable = (text: string) => !/__proto__|\\u0000|\\ud[89a-f]/i.test(text);
  const json = fc.json({ maxDepth: 5 }).filter(storable);
  fc.assert(
    fc.property(json, (text) => {
      expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
    }),
  );
});

test('bytes that are no JSON never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      parseStrictJson(bytes);
    }),
  );
});
