import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../testing/fixtures/conomy/', import.meta.url);

/** A documented Conomy payload by file name without its extension, with an id for each placeholder such as `<PAYMENT_ID>`. */
export function fixture(name: string): unknown {
  return JSON.parse(fixtureText(name).replaceAll(/"<([A-Z_]+)>"/g, '"$1"'));
}

export function fixtureText(name: string): string {
  return readFileSync(new URL(`${name}.json`, folder), 'utf8');
}

export function fixtureNames(pattern: RegExp): string[] {
  return readdirSync(folder)
    .map((file) => file.replace(/\.json$/, ''))
    .filter((name) => pattern.test(name));
}
