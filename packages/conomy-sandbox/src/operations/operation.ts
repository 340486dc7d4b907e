import type { Fields } from '../read-fields.ts';
import type { Sandbox } from '../sandbox.ts';

export const OPERATION_NAMES = [
  'auth',
  'create',
  'authorize',
  'capture',
  'read',
  'list',
  'refund',
  'refunds',
  'payment-refunds',
  'attempt',
  'attempt-read',
  'attempt-list',
  'products',
  'nodes',
  'banks',
  'documents',
  'review',
  'unsettle',
  'deposits',
  'accounts',
  'simulate',
] as const;

/** The names by which faults and the ledger know operations; two routes may be the same operation. */
export type OperationName = (typeof OPERATION_NAMES)[number];

export interface OperationRequest {
  /** The one parameter of the path, empty when the path has none. */
  id: string;
  /** One text per parameter; a repeated one counts with its last value. */
  query: Readonly<Record<string, string>>;
  /** Parsed JSON, undefined when nothing was sent. */
  body: unknown;
}

/** One route of the provider's API. */
export interface Operation {
  name: OperationName;
  method: 'GET' | 'POST';
  /** From the server's root, with one parameter at most, `:id`. */
  path: string;
  /** `key`: only the gateway key is needed, as to get a token. `token`: all headers are. */
  access: 'key' | 'token';
  /** The payment a call is counted for, when it names one. */
  paymentId?: (request: OperationRequest) => string | undefined;
  /** Does it, all or nothing, and gives the body of a 200, or a {@link Reply}. Throws ConomyError. */
  run(sandbox: Sandbox, request: OperationRequest): unknown;
}

export function idOfPath({ id }: OperationRequest): string {
  return id;
}

/** A text field of the body, undefined when there is none. */
export function bodyText(body: unknown, name: string): string | undefined {
  const value = typeof body === 'object' && body !== null ? (body as Fields)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
