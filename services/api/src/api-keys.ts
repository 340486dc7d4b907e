import { createHash, timingSafeEqual } from 'node:crypto';

export const SCOPES = ['read', 'enqueue', 'operate'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKey {
  /** Shown in logs and kept with each command; never secret. */
  name: string;
  /** Of the secret, so that comparing takes the same time whatever was presented. */
  secretSha256: Buffer;
  scopes: ReadonlySet<Scope>;
}

/** Long enough that guessing is hopeless. */
const SECRET_LENGTH_MIN = 16;

/**
 * Reads `name:secret[:scope+scope],…`; a key without scopes has all.
 * @throws {RangeError} naming the key at fault and never a secret.
 */
export function parseApiKeys(text: string): ApiKey[] {
  const keys = text.split(',').map((entry, index) => parseApiKey(entry.trim(), `key ${index + 1}`));
  for (const [index, key] of keys.entries()) {
    const before = keys.slice(0, index);
    if (before.some(({ name }) => name === key.name))
      throw new RangeError(`the name "${key.name}" is there twice`);
    const twin = before.find(({ secretSha256 }) => secretSha256.equals(key.secretSha256));
    if (twin) throw new RangeError(`"${twin.name}" and "${key.name}" have the same secret`);
  }
  return keys;
}

function parseApiKey(entry: string, where: string): ApiKey {
  const [name = '', secret, scopes, ...rest] = entry.split(':');
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new RangeError(`${where}: needs a name of letters, digits, "-", "_" or "."`);
  if (secret === undefined || rest.length > 0)
    throw new RangeError(`"${name}": must be name:secret or name:secret:scope+scope`);
  if (!/^[\x21-\x7e]*$/.test(secret))
    throw new RangeError(`"${name}": the secret must be printable ASCII without spaces`);
  if (secret.length < SECRET_LENGTH_MIN)
    throw new RangeError(`"${name}": the secret must have at least ${SECRET_LENGTH_MIN} characters`);
  return { name, secretSha256: sha256(secret), scopes: new Set(parseScopes(name, scopes)) };
}

function parseScopes(name: string, text: string | undefined): readonly Scope[] {
  if (text === undefined) return SCOPES;
  return text.split('+').map((word) => {
    const scope = SCOPES.find((known) => known === word);
    if (!scope) throw new RangeError(`"${name}": scope "${word}" must be one of ${SCOPES.join(', ')}`);
    return scope;
  });
}

/** The key whose secret the `Authorization` header presents. Every key is compared, in constant time. */
export function findApiKey(keys: readonly ApiKey[], authorization: string | undefined): ApiKey | null {
  const presented = sha256(/^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1] ?? '');
  let found: ApiKey | null = null;
  for (const key of keys) if (timingSafeEqual(key.secretSha256, presented)) found = key;
  return found;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
