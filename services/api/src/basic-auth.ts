import { createHash, timingSafeEqual } from 'node:crypto';

/** `admin` acts, `viewer` only looks. */
export type BoardUser = 'admin' | 'viewer';

export interface BoardPasswords {
  admin: string;
  /** Null when there is no such user. */
  viewer: string | null;
}

/** Who an HTTP Basic `Authorization` header proves to be; null for anybody else. */
export function findBoardUser(
  passwords: BoardPasswords,
  authorization: string | undefined,
): BoardUser | null {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1] ?? '';
  const presented = sha256(Buffer.from(encoded, 'base64'));
  const isAdmin = timingSafeEqual(presented, sha256(`admin:${passwords.admin}`));
  const isViewer =
    passwords.viewer !== null && timingSafeEqual(presented, sha256(`viewer:${passwords.viewer}`));
  return isAdmin ? 'admin' : isViewer ? 'viewer' : null;
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
