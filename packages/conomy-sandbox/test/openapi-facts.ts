import { readFileSync } from 'node:fs';
import type { ErrorObject } from 'ajv';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formatsModule from 'ajv-formats';

const FILE = new URL('../../testing/fixtures/conomy/openapi.json', import.meta.url);

type Json = Record<string, unknown>;

/** One call of a documented operation, with what was sent and what came back. */
export interface Exchange {
  method: 'get' | 'post';
  /** As the document spells it. */
  path: string;
  sent?: unknown;
  status: number;
  answered: unknown;
}

/** Holds exchanges against the provider's published OpenAPI document. */
export interface OpenApiFacts {
  /** Every operation the document has, as `POST /payments`. */
  operations: readonly string[];
  /** What differs from the document, each as one stable sentence; empty when nothing does. */
  deviationsOf(exchange: Exchange): string[];
}

export function readOpenApiFacts(): OpenApiFacts {
  const document = JSON.parse(readFileSync(FILE, 'utf8')) as Json & { paths: Record<string, Json> };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formatsModule.default(ajv);
  // OpenAPI 3.0 is a dialect of JSON Schema: the one keyword that decides here is put into plain words.
  ajv.addSchema({ $id: 'conomy', ...(discriminatorsAsConditions(document) as Json) });
  return {
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    ),
    deviationsOf: ({ method, path, sent, status, answered }) => {
      const at = ['paths', path, method];
      if (!find(document, at)) return ['the operation is not in the document'];
      const response = find(document, [...at, 'responses', String(status)]);
      if (!response) return [`status ${status} is not in the document`];
      const request = find(document, [...at, 'requestBody']);
      return [
        ...(request && sent !== undefined ? check(document, ajv, request, sent) : []),
        ...check(document, ajv, response, answered),
      ];
    },
  };
}

/** `at` leads to a request or response; one without content promises nothing. */
function check(document: Json, ajv: Ajv2020, at: readonly string[], value: unknown): string[] {
  const schema = find(document, [...at, 'content', 'application/json', 'schema']);
  if (!schema) return [];
  const validate: ValidateFunction = ajv.compile({ $ref: `conomy${pointerTo(schema)}` });
  if (validate(value)) return [];
  return [...new Set((validate.errors ?? []).filter(isCause).map(sentence))];
}

/** `if` only reports that its `then` failed, which is reported too. */
function isCause({ keyword }: ErrorObject): boolean {
  return keyword !== 'if';
}

function sentence({ instancePath, keyword, params, message }: ErrorObject): string {
  const at = placeOf(instancePath);
  if (keyword === 'required')
    return `${at} lacks ${at === 'product' ? 'its rail object' : params.missingProperty}`;
  if (keyword === 'enum') return `${at} is not in the enumeration`;
  return `${at} ${message}`;
}

/** What is wrong with one row or node is wrong with each, in every list it stands in. */
function placeOf(instancePath: string): string {
  return (
    instancePath
      .replace(/^\/\d+/, '/product')
      .replace(/\/\d+/g, '')
      .replace(/^\/(results|data)\b/, '')
      .replace(/^\/(origins|destinations)\b/, '/node')
      .replace(/^\/byCurrency\/pay(in|out)\/products\b/, '/product')
      .replace(/^\/(byCurrency\/payin\/paymentMethods|supportedPaymentMethods)$/, '/product/type')
      .slice(1)
      .replaceAll('/', '.') || 'body'
  );
}

/** Where a path of the document ends up when references are followed; null when it leads nowhere. */
function find(document: Json, path: readonly string[]): string[] | null {
  let at: string[] = [];
  for (const step of path) {
    at = [...at, step];
    const value = at.reduce<unknown>((inside, name) => (inside as Json | undefined)?.[name], document);
    if (value === undefined) return null;
    const { $ref } = value as { $ref?: string };
    if ($ref !== undefined) at = $ref.slice('#/'.length).split('/');
  }
  return at;
}

function pointerTo(at: readonly string[]): string {
  const escaped = at.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')));
  return `#/${escaped.join('/')}`;
}

/** `oneOf` with a discriminator says which branch holds: written as conditions, only that branch complains. */
function discriminatorsAsConditions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(discriminatorsAsConditions);
  if (typeof value !== 'object' || value === null) return value;
  const { discriminator, oneOf, ...rest } = value as Json & {
    discriminator?: { propertyName: string; mapping: Record<string, string> };
  };
  const others = Object.fromEntries(
    Object.entries(rest).map(([key, each]) => [key, discriminatorsAsConditions(each)]),
  );
  if (!discriminator)
    return oneOf === undefined ? others : { ...others, oneOf: discriminatorsAsConditions(oneOf) };
  const { propertyName, mapping } = discriminator;
  const conditions = Object.entries(mapping).map(([name, $ref]) => ({
    if: { properties: { [propertyName]: { const: name } }, required: [propertyName] },
    then: { $ref },
  }));
  return { ...others, allOf: conditions };
}
