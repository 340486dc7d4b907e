import { ConomyError } from './errors.ts';

/** The fields of a JSON object that came from a caller. */
export type Fields = Record<string, unknown>;

/** Throws ConomyError 11 when `value` is not a JSON object; `name` says where it stood. */
export function requireObject(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw value === undefined ? missing(name) : new ConomyError('11', `${name} must be an object`);
}

/** A text that must be there and not be empty. `path` may have dots; `at` is where `fields` stands. */
export function requireText(fields: Fields, path: string, at = ''): string {
  const text = optionalText(fields, path, at);
  if (text === undefined || text === '') throw missing(at + path);
  return text;
}

export function optionalText(fields: Fields, path: string, at = ''): string | undefined {
  const value = fieldAt(fields, path);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ConomyError('11', `${at}${path} must be a string`);
  return value;
}

/** The value at a path with dots, undefined when any step of it is missing. */
export function fieldAt(fields: Fields, path: string): unknown {
  let value: unknown = fields;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Fields)[step];
  }
  return value;
}

export function missing(name: string): ConomyError {
  return new ConomyError('12', `${name} is required`);
}
