import { createHmac, timingSafeEqual } from 'node:crypto';
import { decodeStrictUtf8, isJsonObject, parseJsonBytes } from './json.ts';
import { findExcess, type JsonLimits, withoutWhiteSpace } from './json-limits.ts';
import { cutMember, findTopLevelMembers, type Member } from './top-level-members.ts';

/** Where a delivery carries its signature: in its JSON body, or in the header `X-Webhook-Signature`. */
export type SignatureForm = 'body' | 'header';

export type Verification =
  | {
      verified: true;
      form: SignatureForm;
      /** Which of the secrets signed it, for watching a rotation. */
      secretIndex: number;
      /** The very text that was signed: this is the message, whatever else the body holds. */
      covered: Buffer;
      /** 32 bytes. */
      signature: Buffer;
      /** `covered`, parsed. */
      payload: Record<string, unknown>;
    }
  | {
      verified: false;
      reason:
        | 'no_secret'
        | 'form_not_accepted'
        | 'no_signature'
        | 'signature_malformed'
        | 'signature_mismatch'
        | 'not_utf8'
        | 'not_json'
        | 'too_deep'
        | 'too_many_parts'
        | 'duplicate_key';
    };

export const SIGNATURE_HEADER = 'x-webhook-signature';

/** Far beyond any documented payload, and safe for a recursive serialiser. */
const LIMITS: JsonLimits = { depthMax: 64, partsMax: 10_000 };
const HEX_OF_SHA256 = /^[0-9a-fA-F]{64}$/;

/**
 * What a covered text says. Whoever decides by a delivery reads it through here, before it is stored and after.
 *
 * @throws when it is not the covered text of a verified delivery.
 */
export function parseCovered(covered: Uint8Array): Record<string, unknown> {
  const json = parseJsonBytes(covered);
  if (!isJsonObject(json)) throw new Error('the covered text of a delivery is not a JSON object');
  return json;
}

type ParsedDelivery =
  | { ok: true; text: string; json: Record<string, unknown>; members: Member[] }
  | { ok: false; reason: Extract<Verification, { verified: false }>['reason'] };

/**
 * Verifies a webhook delivery by its raw bytes. A signature header that is present decides alone; only
 * without one is a signature in the body looked at. Nothing verifies without a secret.
 *
 * @param headers with lower-case names, as Node gives them.
 * @param secrets all that may sign, newest first; more than one during a rotation.
 */
export function verifyDelivery(
  rawBody: Buffer,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  secrets: readonly string[],
  forms: ReadonlySet<SignatureForm>,
): Verification {
  // Anybody can sign with an empty secret.
  if (!secrets.some((secret) => secret !== '')) return refused('no_secret');
  const header = headers[SIGNATURE_HEADER];
  const form = header === undefined ? 'body' : 'header';
  if (!forms.has(form)) return refused(form === 'body' ? 'no_signature' : 'form_not_accepted');
  return form === 'header' ? verifyByHeader(rawBody, header, secrets) : verifyByBody(rawBody, secrets);
}

function verifyByHeader(rawBody: Buffer, signature: unknown, secrets: readonly string[]): Verification {
  if (!isSignatureShaped(signature)) return refused('signature_malformed');
  const secretIndex = findSigner(rawBody, signature, secrets);
  if (secretIndex === null) return refused('signature_mismatch');
  const parsed = parseDeliveryBody(rawBody);
  if (!parsed.ok) return refused(parsed.reason);
  return verified('header', secretIndex, rawBody, signature);
}

function verifyByBody(rawBody: Buffer, secrets: readonly string[]): Verification {
  const parsed = parseDeliveryBody(rawBody);
  if (!parsed.ok) return refused(parsed.reason);
  const { signature } = parsed.json;
  if (typeof signature !== 'string') return refused('no_signature');
  if (!isSignatureShaped(signature)) return refused('signature_malformed');
  for (const signedText of candidateTexts(parsed)) {
    const secretIndex = findSigner(signedText, signature, secrets);
    if (secretIndex !== null) return verified('body', secretIndex, Buffer.from(signedText), signature);
  }
  return refused('signature_mismatch');
}

/**
 * The texts a sender may have signed. The documentation names the compact `{event,data}`; a serialiser of
 * another language may keep more members, another order or escapes, which only the text itself still has.
 */
function* candidateTexts({ text, json, members }: Extract<ParsedDelivery, { ok: true }>): Generator<string> {
  const { event, data } = json;
  if (event !== undefined && data !== undefined) yield JSON.stringify({ event, data });
  const { signature: _signature, ...unsigned } = json;
  yield JSON.stringify(unsigned);
  const index = members.findIndex((member) => member.key === 'signature');
  const received = cutMember(text, members, index);
  yield received;
  // Signed compact and sent with spaces, by a serialiser whose floats and escapes ours would write otherwise.
  yield withoutWhiteSpace(received);
}

function parseDeliveryBody(rawBody: Buffer): ParsedDelivery {
  const text = decodeStrictUtf8(rawBody);
  if (text === null) return { ok: false, reason: 'not_utf8' };
  const excess = findExcess(text, LIMITS);
  if (excess !== null) return { ok: false, reason: excess };
  const json = parseObject(text);
  if (!json) return { ok: false, reason: 'not_json' };
  const members = findTopLevelMembers(text);
  // Parsers differ on which of two equal keys wins: such a body has no one meaning.
  const keys = new Set(members.map((member) => member.key));
  if (keys.size < members.length) return { ok: false, reason: 'duplicate_key' };
  return { ok: true, text, json, members };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(text);
    return isJsonObject(json) ? json : null;
  } catch {
    return null;
  }
}

function isSignatureShaped(signature: unknown): signature is string {
  return typeof signature === 'string' && HEX_OF_SHA256.test(signature);
}

function bytesOf(signatureHex: string): Buffer {
  return Buffer.from(signatureHex, 'hex');
}

function findSigner(
  signed: string | Buffer,
  signatureHex: string,
  secrets: readonly string[],
): number | null {
  const received = bytesOf(signatureHex);
  const index = secrets.findIndex(
    (secret) =>
      secret !== '' && timingSafeEqual(createHmac('sha256', secret).update(signed).digest(), received),
  );
  return index === -1 ? null : index;
}

function verified(
  form: SignatureForm,
  secretIndex: number,
  covered: Buffer,
  signatureHex: string,
): Verification {
  const payload = parseCovered(covered);
  return { verified: true, form, secretIndex, covered, signature: bytesOf(signatureHex), payload };
}

function refused(reason: Extract<Verification, { verified: false }>['reason']): Verification {
  return { verified: false, reason };
}
