// Tolerant in what is received: documented payloads of every generation, and values nobody documented.
import { describe, expect, it } from 'vitest';
import { parseJsonBytes } from '../../../src/provider/conomy/json.ts';
import {
  findAccount,
  nextOffsetOf,
  parseErrorBody,
  parseList,
  parsePayment,
  parseToken,
} from '../../../src/provider/conomy/schema.ts';
import { fixture, fixtureNames } from './fixtures.ts';

describe('parsePayment', () => {
  const documented = fixtureNames(
    /^((create-payment|capture-payment|legacy-payment).*response|get-payment-(purchase-settled|requires-review)\.response)/,
  ).filter((name) => name.endsWith('response'));

  it.each(documented)('reads the documented %s', (name) => {
    const payment = parsePayment(fixture(name));
    expect(payment?.id).toMatch(/./);
    expect(payment?.status).toMatch(/^[A-Z_]+$/);
    expect(payment?.raw).toEqual(fixture(name));
  });

  it('needs an id and a status and nothing else', () => {
    expect(parsePayment({ id: 'a', status: 'NEVER_SEEN' })).toEqual({
      id: 'a',
      status: 'NEVER_SEEN',
      raw: { id: 'a', status: 'NEVER_SEEN' },
    });
    for (const json of [
      { id: 'a' },
      { status: 'CREATED' },
      { id: '', status: 'X' },
      { id: 'a', status: 400 },
    ]) {
      expect(parsePayment(json)).toBeNull();
    }
    for (const json of [null, undefined, [], 'CREATED', 1]) expect(parsePayment(json)).toBeNull();
  });

  it('takes the id from _id in older data', () => {
    expect(parsePayment({ _id: 'old', id: null, status: 'SETTLED' })?.id).toBe('old');
  });

  it('reads PENDING as CREATED', () => {
    expect(parsePayment({ id: 'a', status: 'PENDING' })).toMatchObject({
      status: 'CREATED',
      raw: { status: 'PENDING' },
    });
  });

  it('leaves out fields of a wrong type and keeps them in raw', () => {
    const json = {
      id: 'a',
      status: 'CREATED',
      externalId: 7,
      currency: null,
      type: {},
      createdAt: 'yesterday',
    };
    expect(parsePayment(json)).toEqual({ id: 'a', status: 'CREATED', raw: json });
  });

  it('reads amounts sent as numbers as their text, however many digits they have', () => {
    const json = parseJsonBytes(
      Buffer.from('{"id":"a","status":"CREATED","totalAmount":7.84,"purchaseAmount":90071992547409931.10}'),
    );
    expect(parsePayment(json)).toMatchObject({ totalAmount: '7.84', purchaseAmount: '90071992547409931.10' });
  });

  it('takes only an instant as createdAt; the zero time means "not set"', () => {
    const createdAt = (value: string) =>
      parsePayment({ id: 'a', status: 'CREATED', createdAt: value })?.createdAt;
    expect(createdAt('2026-05-18T10:00:00Z')).toBe('2026-05-18T10:00:00Z');
    expect(createdAt('2026-05-18T10:00:00.123456-05:00')).toBe('2026-05-18T10:00:00.123456-05:00');
    for (const unusable of [
      '0001-01-01T00:00:00Z',
      '2026-05-18',
      '2026-05-18T10:00:00',
      '2026-13-40T10:00:00Z',
    ]) {
      expect(createdAt(unusable)).toBeUndefined();
    }
  });

  it('a __proto__ member harms nothing', () => {
    const payment = parsePayment(JSON.parse('{"id":"a","status":"CREATED","__proto__":{"currency":"USD"}}'));
    expect(payment?.currency).toBeUndefined();
  });
});

describe('parseList', () => {
  it.each([
    ['list-payments.response-skeleton', 1],
    ['list-refunds.response-by-parent', 1],
    ['list-refunds.response-skeleton-cursor-form', 1],
    ['list-refunds.response-repository-form', 1],
    ['list-unassigned-payments.response', 1],
    ['list-accounts.response-skeleton-nested', 1],
  ])('reads the documented envelope of %s', (name, rows) => {
    expect(parseList(fixture(name))?.rows).toHaveLength(rows);
  });

  it('reads the other documented envelopes', () => {
    const row = { id: 'a' };
    const unpaginated = { rows: [row], isPaginated: false };
    expect(parseList([row])).toEqual(unpaginated);
    expect(parseList({ count: 1, customers: [row] })).toEqual(unpaginated);
    expect(parseList({ data: [row], pagination: { pagination: { total: 9 }, results: [] } })).toEqual({
      rows: [row],
      isPaginated: true,
      total: 9,
    });
    const empty = { rows: [], isPaginated: true };
    expect(parseList({ pagination: { total: '12' }, results: [] })).toEqual({ ...empty, total: 12 });
    expect(parseList({ pagination: {}, results: [] })).toEqual(empty);
  });

  it('counts the rows that a summary tells, in whichever states it tells them', () => {
    const summaryRows = (summary: unknown) => parseList({ refunds: [], summary })?.summaryRows;
    expect(summaryRows({ completedCount: 2, inProgressCount: '1', failedCount: 0, maxRefundable: '9' })).toBe(
      3,
    );
    expect(summaryRows({ completedCount: 2 })).toBe(2);
    expect(summaryRows({ parentAmount: '9' })).toBeUndefined();
    expect(summaryRows('3')).toBeUndefined();
  });

  it('is null when there is no list', () => {
    for (const json of [null, {}, { results: 'none' }, { id: 'a', status: 'CREATED' }, 'text', undefined]) {
      expect(parseList(json)).toBeNull();
    }
  });
});

describe('nextOffsetOf', () => {
  it.each([
    ['an empty page', { rows: [], total: 90 }, 50, null],
    ['as many seen as there are', { rows: [1, 2], total: 52 }, 50, null],
    ['more seen than there are', { rows: [1, 2], total: 51 }, 50, null],
    ['fewer seen than there are', { rows: [1, 2], total: 53 }, 50, 52],
    ['no total', { rows: [1, 2] }, 50, 52],
    ['a total of 0 beside rows', { rows: [1, 2], total: 0 }, 0, 2],
  ])('%s', (_name, list, offset, expected) => {
    expect(nextOffsetOf(list, offset)).toBe(expected);
  });
});

describe('findAccount', () => {
  it('reads the documented single object', () => {
    expect(
      findAccount(fixture('get-account-by-number.response-single-object'), '1743919714051743919010211'),
    ).toMatchObject({ availableFunds: '30000.00', currency: 'COP', status: 'ACTIVE' });
  });

  it('never takes another account', () => {
    expect(findAccount({ accountNumber: '12' }, '1')).toBeNull();
    expect(findAccount([{ accountNumber: 1 }, null, 'x'], '1')).toBeNull();
  });

  it('is undefined when the answer holds no accounts', () => {
    for (const json of [{}, { error: 'x' }, null, 'text', undefined])
      expect(findAccount(json, '1')).toBeUndefined();
  });
});

describe('parseErrorBody', () => {
  it('reads the current form', () => {
    expect(parseErrorBody(fixture('error-body-current'))).toEqual({
      code: '11',
      type: 'invalidParam',
      detail: 'accountNumber is required',
      traceId: '5f8f2a8e-4b7c-4a1e-8d3f-1234567890ab',
    });
  });

  it('reads the older form', () => {
    expect(parseErrorBody(fixture('error-body-openapi-older'))).toEqual({
      detail: 'accountNumber is required',
    });
  });

  it('reads the third form', () => {
    expect(parseErrorBody(fixture('error-body-third-form'))).toEqual({ type: 'bad_request' });
    expect(parseErrorBody({ error: { type: 't', info: 'i' }, message: null })).toEqual({
      type: 't',
      detail: 'i',
    });
  });

  it('gives a code sent as a number its leading zero back', () => {
    expect(parseErrorBody({ code: 1 })).toEqual({ code: '01' });
    expect(parseErrorBody({ code: 21 })).toEqual({ code: '21' });
  });

  it('says nothing for anything else', () => {
    for (const json of [undefined, null, [], 'Forbidden', 5, {}]) expect(parseErrorBody(json)).toEqual({});
  });
});

describe('parseToken', () => {
  it('reads the token and its life in seconds', () => {
    expect(parseToken({ accessToken: 'a', tokenType: 'Bearer', expiresIn: 3600 })).toEqual({
      accessToken: 'a',
      expiresInSeconds: 3600,
    });
    expect(parseToken({ accessToken: 'a', expiresIn: '60' })).toMatchObject({ expiresInSeconds: 60 });
  });

  it.each([0, -5, 'soon', null, undefined, Number.POSITIVE_INFINITY])(
    'a life of %s is unsaid',
    (expiresIn) => {
      expect(parseToken({ accessToken: 'a', expiresIn })).toEqual({ accessToken: 'a' });
    },
  );

  it('is null without a usable token', () => {
    for (const json of [{}, { accessToken: '' }, { accessToken: 'a b' }, null])
      expect(parseToken(json)).toBeNull();
  });
});

describe('parseJsonBytes', () => {
  it('is undefined for what is not strict UTF-8 JSON', () => {
    for (const bytes of [
      Buffer.from(''),
      Buffer.from('{"a":'),
      Buffer.from('<html>'),
      Buffer.from('\ufeff{}'),
      Buffer.from([0x22, 0xff, 0x22]),
      Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)),
    ]) {
      expect(parseJsonBytes(bytes)).toBeUndefined();
    }
  });

  it('keeps a number that a double would write otherwise as the text sent, without exponent', () => {
    expect(parseJsonBytes(Buffer.from('[1.50, 0.1, 1e21, 1e2, -0, 100]'))).toEqual([
      '1.50',
      0.1,
      '1000000000000000000000',
      100,
      '-0',
      100,
    ]);
    expect(parseList({ results: [1], pagination: { total: '3.0' } })).toEqual({
      rows: [1],
      total: 3,
      isPaginated: true,
    });
  });

  it('keeps a number that a double cannot hold as the text sent', () => {
    expect(parseJsonBytes(Buffer.from('[1.5, 123456789012345, 1234567890123456, 1e999]'))).toEqual([
      1.5,
      123456789012345,
      '1234567890123456',
      '1e999',
    ]);
  });
});
