import { createHash } from 'node:crypto';
import pg from 'pg';
import { UnconfirmedCommitError } from './sqlstates.ts';

/**
 * How statements with parameters are sent: prepared once per connection, or parsed each time, for poolers that give each
 * transaction another session.
 */
export type Statements = 'named' | 'unnamed';

/** A connection on which a commit that no standby confirmed is an error, also that of a statement by itself. */
export class ConfirmingClient extends pg.Client {
  #isUnconfirmed = false;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // It comes before the answer of the statement that it is about.
    this.on('notice', (notice) => {
      this.#isUnconfirmed ||= isOfUnconfirmedCommit(notice);
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg's own overloads
  override query(...args: any[]): any {
    const answer = args.at(-1);
    if (typeof answer === 'function') {
      const confirmed = (error: unknown, result: unknown) => answer(error ?? this.#takeUnconfirmed(), result);
      return Reflect.apply(super.query, this, [...args.slice(0, -1), confirmed]);
    }
    return Reflect.apply(super.query, this, args).then((result: unknown) => {
      const unconfirmed = this.#takeUnconfirmed();
      if (unconfirmed !== undefined) throw unconfirmed;
      return result;
    });
  }

  #takeUnconfirmed(): UnconfirmedCommitError | undefined {
    if (!this.#isUnconfirmed) return undefined;
    this.#isUnconfirmed = false;
    return new UnconfirmedCommitError();
  }
}

/** Its words are in the server's language, the name of what speaks is not. */
function isOfUnconfirmedCommit({
  code,
  routine,
}: {
  code?: string | undefined;
  routine?: string | undefined;
}): boolean {
  return code === '01000' && routine === 'SyncRepWaitForLSN';
}

const statementNames = new Map<string, string>();

/** Statements with parameters are prepared once per connection: parsing and planning cost more than running them. */
export class PreparingClient extends ConfirmingClient {
  // biome-ignore lint/suspicious/noExplicitAny: pg's own overloads
  override query(...args: any[]): any {
    const [text, values, ...rest] = args;
    if (typeof text !== 'string' || !Array.isArray(values)) return super.query(...args);
    return super.query({ name: statementName(text), text, values }, ...rest);
  }
}

function statementName(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash('sha1').update(text).digest('base64url');
    statementNames.set(text, name);
  }
  return name;
}
