import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ConomyError } from './errors.ts';

/** What a caller must know; one tenant. */
export interface Credentials {
  apiKey: string;
  clientId: string;
  clientSecret: string;
}

/** Who may call: the gateway key, and tokens that end. */
export interface Access {
  tokenLifetimeS: number;
  /** A new token. Throws ConomyError 41 when the client is not the one known. */
  issueToken(clientId: string, clientSecret: string): string;
  /** No token handed out so far is taken any more. */
  revokeTokens(): void;
  /** Throws ConomyError 43 without the right `x-api-key`. */
  checkApiKey(headers: IncomingHttpHeaders): void;
  /** Throws ConomyError 12 without a `User-Agent`, 41 without a live token. */
  checkCaller(headers: IncomingHttpHeaders): void;
}

export function createAccess(credentials: Credentials, tokenLifetimeS: number, now: () => number): Access {
  /** In order of issue, and so of expiry: the first that lives ends the clearing. */
  const expiresAtMs = new Map<string, number>();
  const dropExpired = () => {
    for (const [token, endMs] of expiresAtMs) {
      if (endMs > now()) return;
      expiresAtMs.delete(token);
    }
  };
  return {
    tokenLifetimeS,
    issueToken: (clientId, clientSecret) => {
      if (clientId !== credentials.clientId || clientSecret !== credentials.clientSecret) {
        throw new ConomyError('41', 'clientId or clientSecret is not valid');
      }
      dropExpired();
      const token = randomBytes(24).toString('base64url');
      expiresAtMs.set(token, now() + tokenLifetimeS * 1000);
      return token;
    },
    revokeTokens: () => expiresAtMs.clear(),
    checkApiKey: (headers) => {
      if (headers['x-api-key'] !== credentials.apiKey) throw new ConomyError('43', 'x-api-key is not valid');
    },
    checkCaller: (headers) => {
      if (!headers['user-agent']) throw new ConomyError('12', 'User-Agent is required');
      const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
      if (token === undefined) throw new ConomyError('41', 'Authorization must be a bearer token');
      const endMs = expiresAtMs.get(token);
      if (endMs === undefined) throw new ConomyError('41', 'the access token is not valid');
      if (endMs <= now()) throw new ConomyError('41', 'the access token has expired');
    },
  };
}
