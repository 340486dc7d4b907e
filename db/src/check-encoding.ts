import type { ClientBase, Pool } from 'pg';

/** The database cannot keep every text. */
export class WrongEncodingError extends Error {
  readonly code = 'wrong_encoding';

  constructor(encoding: string) {
    super(
      `The database has the encoding ${encoding}, in which not every name and description can be kept. Create one with \`create database capstan template template0 encoding 'UTF8'\` and use that.`,
    );
    this.name = 'WrongEncodingError';
  }
}

/** @throws {WrongEncodingError} when the database has another encoding than UTF8. */
export async function assertEncodingIsUtf8(db: Pool | ClientBase): Promise<void> {
  const { rows } = await db.query<{ server_encoding: string }>('show server_encoding');
  const encoding = rows[0]?.server_encoding ?? 'unknown';
  if (encoding !== 'UTF8') throw new WrongEncodingError(encoding);
}
