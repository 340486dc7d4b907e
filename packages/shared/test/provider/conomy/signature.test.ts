// A delivery is believed only if its bytes were signed with one of our secrets.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseJsonBytes } from '../../../src/provider/conomy/json.ts';
import {
  SIGNATURE_HEADER,
  type SignatureForm,
  verifyDelivery,
} from '../../../src/provider/conomy/signature.ts';
import { fixture, fixtureText } from './fixtures.ts';

const SECRET = 'test-webhook-secret';
const BOTH: ReadonlySet<SignatureForm> = new Set(['body', 'header']);

interface Vector {
  name: string;
  secret: string;
  signatureHex: string;
  deliveredBody?: string;
  rawBody?: string;
}

const { vectors } = fixture('webhook-signature-test-vectors') as { vectors: Vector[] };

const sign = (text: string | Buffer, secret = SECRET) =>
  createHmac('sha256', secret).update(text).digest('hex');

function verify(
  body: string | Buffer,
  header?: string | string[],
  secrets: readonly string[] = [SECRET],
  forms = BOTH,
) {
  const headers = header === undefined ? {} : { [SIGNATURE_HEADER]: header };
  return verifyDelivery(Buffer.from(body), headers, secrets, forms);
}

const SIGNED =
  '{"event":"Transaction.Captured","data":{"transaction":{"id":"p1","totalAmount":"50000","status":"CAPTURED"}}}';
const BODY = SIGNED.replace(/}$/, `,"signature":"${sign(SIGNED)}"}`);

/** `signed` with the signature of exactly that text put in as the last member. */
const withSignature = (signed: string) => signed.replace(/\s*}\s*$/, `,"signature":"${sign(signed)}"}`);

describe('published vectors', () => {
  it.each(vectors)(
    '$name verifies, and fails with any other secret',
    ({ secret, signatureHex, deliveredBody, rawBody }) => {
      const body = deliveredBody ?? rawBody ?? '';
      const header = rawBody === undefined ? undefined : signatureHex;
      expect(verify(body, header, [secret])).toMatchObject({
        verified: true,
        form: rawBody === undefined ? 'body' : 'header',
        secretIndex: 0,
      });
      expect(verify(body, header, [`${secret}x`])).toEqual({ verified: false, reason: 'signature_mismatch' });
    },
  );

  it.each(['captured', 'received', 'failed'])(
    'webhook-transaction-%s verifies although it is pretty-printed',
    (name) => {
      expect(verify(fixtureText(`webhook-transaction-${name}`))).toMatchObject({ verified: true });
    },
  );
});

/** Compact, in the numbers and escapes of other languages' serialisers. */
const FOREIGN =
  '{"event":"payment.settled","data":{"transaction":{"id":"p1","totalAmount":50000.0,"fee":1e2,"note":"a\\u00f1 \\/ \\" : , b","status":"SETTLED"}}}';
/** With spaces between its parts, as Python writes JSON by default. */
const spaced = (text: string) =>
  text.replace('{"event":', '{ "event" : ').replaceAll(',"', ',\n\t"').replaceAll('":{', '": {');

describe('signature in the body', () => {
  it('verifies what was signed in compact form and sent with spaces, floats and escapes as they stand', () => {
    const sent = spaced(withSignature(FOREIGN));
    expect(sent).not.toContain('{"event":');
    const verification = verify(sent);
    expect(verification).toMatchObject({ verified: true, form: 'body' });
    expect(verification.verified && verification.covered.toString()).toBe(FOREIGN);
    expect(verify(sent.replace('50000.0', '50000'))).toMatchObject({ verified: false });
    expect(verify(sent.replace(' : , b', ':,b'))).toMatchObject({ verified: false });
  });

  it('gives back what was signed', () => {
    expect(verify(BODY)).toEqual({
      verified: true,
      form: 'body',
      secretIndex: 0,
      covered: Buffer.from(SIGNED),
      signature: Buffer.from(sign(SIGNED), 'hex'),
      payload: JSON.parse(SIGNED),
    });
  });

  it.each([
    ['a member before it', BODY.replace('{"event"', '{"extra":"1","event"')],
    ['a transaction beside the data', BODY.replace(/}$/, ',"transaction":{"id":"p2","status":"SETTLED"}}')],
    ['an eventType', BODY.replace('{"event"', '{"eventType":"payment.settled","event"')],
    ['white space anywhere', `${JSON.stringify(JSON.parse(BODY), null, 2)}\n`],
    ['escapes', BODY.replace('"p1"', '"\\u0070\\u0031"')],
    [
      'a member of its data twice, of which the last counts',
      BODY.replace('"status"', '"status":"FAILED","status"'),
    ],
  ])('what was signed is the same text with %s', (_what, body) => {
    expect(body).not.toBe(BODY);
    expect(verify(body)).toMatchObject({
      verified: true,
      covered: Buffer.from(SIGNED),
      payload: JSON.parse(SIGNED),
    });
  });

  it('a member of the data twice, signed so, means to its readers what the covered text says', () => {
    const signed = '{"event":"x","data":{"transaction":{"status":"FAILED","status":"CAPTURED"}}}';
    expect(verify(withSignature(signed))).toMatchObject({
      covered: Buffer.from(signed),
      payload: { data: { transaction: { status: 'CAPTURED' } } },
    });
  });

  it.each([
    ['other members before and after', `{"v":2,${SIGNED.slice(1, -1)},"at":"2026"}`],
    ['members in another order', '{"data":{"transaction":{"id":"p1"}},"event":"x"}'],
    [
      'escapes a serialiser would not write',
      '{"event":"x","data":{"transaction":{"externalId":"a\\u0026b"}}}',
    ],
    ['number forms a serialiser would not write', '{"event":"x","data":{"transaction":{"totalAmount":1.0}}}'],
    ['a space after each comma', '{"event":"x", "data":{"a":1, "b":2}}'],
    ['keys that look like indexes', '{"event":"x","data":{},"10":1,"9":2}'],
    ['a __proto__ member', '{"event":"x","data":{},"__proto__":{"verified":true}}'],
    ['no event at all', '{"eventType":"payment.settled","transaction":{"id":"p1"}}'],
  ])('verifies a sender that signs %s', (_name, signed) => {
    expect(verify(withSignature(signed))).toMatchObject({
      verified: true,
      covered: Buffer.from(signed),
      payload: parseJsonBytes(Buffer.from(signed)),
    });
  });

  it('finds the signature wherever it stands', () => {
    const rest = '"event":"x","data":{"b":"a\\u0026b"}';
    const hex = sign(`{${rest}}`);
    expect(verify(`{"signature":"${hex}",${rest}}`)).toMatchObject({ verified: true });
    expect(verify(`{"event":"x","signature":"${hex}","data":{"b":"a\\u0026b"}}`)).toMatchObject({
      verified: true,
    });
    expect(verify(`{ ${rest} , "signature" : "${sign(`{ ${rest} }`)}" }`)).toMatchObject({ verified: true });
  });

  it.each([
    ['a changed amount', BODY.replace('50000', '50001')],
    ['an extra field inside the data', BODY.replace('"id":"p1"', '"id":"p1","x":1')],
    [
      'reordered fields inside the data',
      BODY.replace('"id":"p1","totalAmount":"50000"', '"totalAmount":"50000","id":"p1"'),
    ],
    ['another event', BODY.replace('Captured', 'Received')],
    ['a truncated signature', BODY.replace(/..."}$/, '"}')],
    ['a prefix before the hex', BODY.replace('"signature":"', '"signature":"sha256=')],
    ['a signature that is not hex', BODY.replace(/."}$/, 'g"}')],
    ['a signature that is not text', BODY.replace(/"[0-9a-f]{64}"/, '5')],
    ['a second signature', BODY.replace(/}$/, `,"signature":"${sign('{}')}"}`)],
    ['a second event', BODY.replace('{"event"', '{"event":"Transaction.Failed","event"')],
    [
      'a second event with an escaped key',
      BODY.replace('{"event"', '{"\\u0065vent":"Transaction.Failed","event"'),
    ],
    ['second data', BODY.replace(/}$/, ',"data":{}}')],
    ['a second eventType', withSignature('{"eventType":"a","eventType":"b"}')],
    ['a byte order mark', `\ufeff${BODY}`],
    ['text after the object', `${BODY}{}`],
    ['an array', `[${BODY}]`],
    ['no JSON', 'event=Transaction.Captured'],
    ['nothing', ''],
    ['no signature', SIGNED],
  ])('%s does not verify', (_name, body) => {
    expect(body).not.toBe(BODY);
    expect(verify(body)).toMatchObject({ verified: false });
  });

  it('upper-case hex verifies', () => {
    expect(verify(BODY.replace(sign(SIGNED), sign(SIGNED).toUpperCase()))).toMatchObject({ verified: true });
  });

  it('invalid UTF-8 does not verify, not even signed', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"event":"'),
      Buffer.from([0xff]),
      Buffer.from('","data":{}}'),
    ]);
    expect(verify(bytes, sign(bytes))).toEqual({ verified: false, reason: 'not_utf8' });
    expect(verify(Buffer.concat([Buffer.from(BODY), Buffer.from([0xc3])]))).toMatchObject({
      reason: 'not_utf8',
    });
  });

  it('deep nesting is refused without harm', () => {
    const deep = `{"event":"x","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(verify(withSignature(deep))).toEqual({ verified: false, reason: 'too_deep' });
  });

  it.each([
    [
      'more members than any payload has',
      `{"event":"x","data":{${'"a":1,'.repeat(10_001)}"b":1}}`,
      'too_many_parts',
    ],
    ['brackets that never close', '['.repeat(65), 'too_deep'],
    ['a string that never closes', `{"event":"${'['.repeat(100)}`, 'not_json'],
  ])('%s are refused before anything is parsed', (_what, body, reason) => {
    expect(verify(body)).toEqual({ verified: false, reason });
  });

  it('brackets and commas in a text count for nothing', () => {
    const text = `{"event":"x","data":{"note":"${'[,'.repeat(20_000)}"}}`;
    expect(verify(withSignature(text))).toMatchObject({ verified: true });
  });
});

describe('secrets', () => {
  it('each of several secrets verifies, and the answer says which', () => {
    expect(verify(BODY, undefined, ['new', SECRET])).toMatchObject({ verified: true, secretIndex: 1 });
  });

  it.each([
    ['no secret', []],
    ['an empty secret', ['']],
  ])('with %s nothing verifies', (_name, secrets) => {
    const body = SIGNED.replace(/}$/, `,"signature":"${sign(SIGNED, '')}"}`);
    expect(verify(body, undefined, secrets)).toEqual({ verified: false, reason: 'no_secret' });
    expect(verify(body, sign(body, ''), secrets)).toEqual({ verified: false, reason: 'no_secret' });
  });

  it('an empty secret beside a real one signs nothing', () => {
    expect(verify(SIGNED, sign(SIGNED, ''), ['', SECRET])).toMatchObject({ verified: false });
  });
});

describe('signature in the header', () => {
  it('covers the raw bytes, whitespace included', () => {
    const body = `${SIGNED.replaceAll(',', ' , ')}\n`;
    expect(verify(body, sign(body))).toMatchObject({
      verified: true,
      form: 'header',
      covered: Buffer.from(body),
    });
    expect(verify(`${body} `, sign(body))).toMatchObject({ verified: false });
  });

  it.each([
    ['wrong', sign('other')],
    ['empty', ''],
    ['prefixed', `sha256=${sign(BODY)}`],
    ['repeated', [sign(BODY), sign(BODY)]],
  ])('a header that is %s decides alone, also beside a right signature in the body', (_name, header) => {
    expect(verify(BODY)).toMatchObject({ verified: true });
    expect(verify(BODY, header)).toMatchObject({ verified: false });
  });

  it('a signed body that is no JSON object or has equal keys does not verify', () => {
    for (const body of ['[]', 'text', '{"eventType":"a","eventType":"b"}', `\ufeff${SIGNED}`]) {
      expect(verify(body, sign(body))).toMatchObject({ verified: false });
    }
  });
});

describe('accepted forms', () => {
  it('a form that is not accepted does not verify', () => {
    expect(verify(BODY, undefined, [SECRET], new Set(['header']))).toEqual({
      verified: false,
      reason: 'no_signature',
    });
    expect(verify(BODY, sign(BODY), [SECRET], new Set(['body']))).toEqual({
      verified: false,
      reason: 'form_not_accepted',
    });
  });
});
