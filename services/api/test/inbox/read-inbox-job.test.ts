/** What a job's data may be: they come parsed, so what JSON text could not say needs its own look. */
import { describe, expect, test } from 'vitest';
import { keptData, readInboxJob } from '../../src/inbox/read-inbox-job.ts';
import { createCommand } from '../api-fixture.ts';

const withPayment = (changes: Record<string, unknown>) => ({
  idempotencyKey: 'key',
  ...createCommand(changes),
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = [value];
  return value;
}

test('a command with its key is read as if it had come over HTTP', () => {
  const read = readInboxJob(withPayment({}));
  expect(read).toMatchObject({
    ok: true,
    item: { idempotencyKey: 'key', acceptedBy: 'queue-door', command: { type: 'payment.create' } },
  });
});

test('the payment keeps the order its producer wrote it in', () => {
  const { payment, ...rest } = createCommand() as { payment: Record<string, unknown> };
  const reversed = Object.fromEntries(Object.entries(payment).reverse());
  const read = readInboxJob({ idempotencyKey: 'key', ...rest, payment: reversed });
  expect(read.ok && read.item.createBody).toBe(JSON.stringify(reversed));
});

describe('data that must not reach PostgreSQL or mean two things are refused', () => {
  const poison: [string, unknown, RegExp][] = [
    ['U+0000 in a text', withPayment({ description: 'a\0b' }), /^\/payment\/description must not contain/],
    ['U+0000 in a name', withPayment({ 'a\0b': 1 }), /must not contain U\+0000/],
    ['half a surrogate pair', withPayment({ description: '\ud800' }), /half a surrogate pair/],
    ['__proto__', JSON.parse('{"idempotencyKey":"key","__proto__":{"type":"payment.create"}}'), /__proto__/],
    ['nesting deeper than any command', withPayment({ metadata: nested(100) }), /nests deeper than 64/],
    ['nesting deeper than many a stack', withPayment({ metadata: nested(100_000) }), /nests deeper than 64/],
    ['nothing', undefined, /must be an object/],
    ['null', null, /must be an object/],
  ];
  test.each(poison)('%s', (_what, data, detail) => {
    const read = readInboxJob(data);
    expect(read).toMatchObject({ ok: false, refusal: { code: 'validation_failed' } });
    expect(read.ok || read.refusal.detail).toMatch(detail);
  });
});

test('only a usable key stays of the data', () => {
  expect(keptData(withPayment({}))).toEqual({ idempotencyKey: 'key' });
  for (const data of [{}, null, undefined, 'text', [1], { idempotencyKey: 17 }, { idempotencyKey: 'a\0b' }])
    expect(keptData(data)).toEqual({});
});
