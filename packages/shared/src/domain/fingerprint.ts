import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256 of the RFC 8785 form: equal for equal commands, whatever their key order and white space. */
export function fingerprint(value: unknown): Buffer {
  const canonical = canonicalize(value);
  if (canonical === undefined) throw new TypeError('cannot fingerprint a value that JSON cannot hold');
  return createHash('sha256').update(canonical).digest();
}
