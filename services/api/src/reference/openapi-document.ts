/** Builds the OpenAPI 3.1 document from the zod contracts, the table of operations and the table of problems. */

import { EVENT_TYPES } from '@capstan/shared/db/events';
import { PROBLEMS, type ProblemCode } from '@capstan/shared/domain/request-problems';
import { z } from 'zod';
import { toProblem } from '../problem.ts';
import { ANSWER_SCHEMAS, type AnswerName } from './answer-schemas.ts';
import { REQUEST_SCHEMAS, type ReferenceOperation, TAGS } from './operation.ts';
import { OPERATIONS } from './operations.ts';

type Json = Record<string, unknown>;

const INTRODUCTION = `Capstan takes payment commands, carries each of them out against the Conomy payment API exactly
once in effect, and keeps a true mirror of every payment until it is final.

Amounts are decimal text in major units. Lists are paged by \`cursor\`; \`next\` is null at the end. Errors are problem
documents (RFC 9457): decide by \`code\`. The scope a key needs stands at each operation; a key without scopes has all.`;

export function buildOpenApiDocument(): Json {
  return {
    openapi: '3.1.1',
    info: { title: 'Capstan', version: '1', description: INTRODUCTION },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(OPERATIONS),
    webhooks: pushedEvents(),
    components: {
      schemas: withDiscriminators({
        ...schemasOf(REQUEST_SCHEMAS, 'input'),
        ...schemasOf(ANSWER_SCHEMAS, 'output'),
      }),
      responses: Object.fromEntries(codes().map((code) => [code, problemResponse([code])])),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'The secret of an API key.' },
      },
    },
  };
}

/** What reaches upstream by itself, where it asked for it. */
function pushedEvents(): Json {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' },
  });
  const parameters = [
    header('webhook-id', 'The same at every try.'),
    header('webhook-timestamp', 'Of this try, in seconds since 1970.'),
    header('webhook-signature', 'One `v1,…` for each secret. Verify it before you read the body.'),
  ];
  return Object.fromEntries(
    EVENT_TYPES.map((type) => [
      type,
      {
        post: {
          operationId: `push_${type.replace('.', '_')}`,
          tags: ['Events'],
          summary: `Pushed: ${type}`,
          description: 'Sent again until it is answered with a 2xx; the next of its payment waits for that.',
          parameters,
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference('PushedEvent') } },
          },
          responses: {
            '200': { description: 'Taken. Any 2xx will do.' },
            '410': { description: 'Wanted no longer: pushes are disabled until an operator enables them.' },
          },
          security: [],
        },
      },
    ]),
  );
}

function pathsOf(operations: readonly ReferenceOperation[]): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: operationOf(operation),
    };
  }
  return paths;
}

function operationOf(operation: ReferenceOperation): Json {
  const { id, tag, summary, description, scope, body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: scope === null ? description : `${description}\n\nScope: \`${scope}\`.`,
    parameters: parametersOf(operation),
    ...(body
      ? {
          requestBody: {
            required: body.required,
            content: { 'application/json': { schema: reference(body.schema), examples: body.examples } },
          },
        }
      : {}),
    responses: responsesOf(operation),
    security: scope === null ? [] : [{ apiKey: [scope] }],
  };
}

function parametersOf({ pathParameters = {}, query, headers = {} }: ReferenceOperation): Json[] {
  const inPath = Object.entries(pathParameters).map(([name, description]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...plain } = asTyped(schemaOf(schema as z.ZodType, 'input'));
    const required = !(schema as z.ZodType).safeParse(undefined).success;
    return { name, in: 'query', required, ...(description ? { description } : {}), schema: plain };
  });
  const inHeader = Object.entries(headers).map(([name, { description, required, schema }]) => ({
    name,
    in: 'header',
    required,
    description,
    schema: schemaOf(schema, 'input'),
  }));
  return [...inPath, ...inQuery, ...inHeader];
}

function responsesOf({ answer, otherwise, scope, problems }: ReferenceOperation): Json {
  const { status, description, schema, headers = {} } = answer;
  const named = Object.entries(headers).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  const all: ProblemCode[] = [
    ...problems,
    ...(scope === null ? [] : (['unauthorized', 'forbidden', 'rate_limited', 'internal_error'] as const)),
  ];
  const byStatus = Map.groupBy(new Set(all), (code) => String(PROBLEMS[code].status));
  return {
    [status]: {
      description,
      ...(named.length > 0 ? { headers: Object.fromEntries(named) } : {}),
      content: contentOf(schema),
    },
    ...(otherwise
      ? { [otherwise.status]: { description: otherwise.description, content: contentOf(otherwise.schema) } }
      : {}),
    ...Object.fromEntries([...byStatus].map(([code, found]) => [code, responseFor(found)])),
  };
}

function contentOf(schema: AnswerName | null): Json {
  return schema === null ? { 'text/plain': {} } : { 'application/json': { schema: reference(schema) } };
}

/** One problem is referred to; several that share a status stand together. */
function responseFor(found: readonly ProblemCode[]): Json {
  return found.length === 1 ? { $ref: `#/components/responses/${found[0]}` } : problemResponse(found);
}

function problemResponse(found: readonly ProblemCode[]): Json {
  return {
    description: found
      .map((code) => `\`${code}\`: ${PROBLEMS[code].title}. ${PROBLEMS[code].fix}`)
      .join('\n\n'),
    content: {
      'application/problem+json': {
        schema: reference('Problem'),
        examples: Object.fromEntries(found.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  };
}

function exampleOf(code: ProblemCode) {
  const errors = [{ path: '/payment/externalId', message: 'is missing' }];
  const withErrors = code === 'validation_failed' ? { errors } : {};
  return toProblem({ code, detail: PROBLEMS[code].fix, ...withErrors });
}

function codes(): ProblemCode[] {
  return Object.keys(PROBLEMS) as ProblemCode[];
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function schemasOf(schemas: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, {
    io,
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(made.schemas).map(([id, schema]) => [id, withoutIdentity(schema)]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return withoutIdentity(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
}

/** In a URL all is text; what stands for a number or a truth value is told as one. */
function asTyped({ pattern, enum: values, ...schema }: Json): Json {
  const isText = schema.type === undefined || schema.type === 'string';
  return isText
    ? { ...schema, ...(pattern ? { pattern } : {}), ...(values ? { enum: values } : {}) }
    : schema;
}

/** Where each of several named schemas has its own constant in one field, that field tells which of them it is. */
function withDiscriminators(schemas: Json): Json {
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    const visited = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, visit(value)]));
    const discriminator = Array.isArray(visited.oneOf) ? discriminatorOf(visited.oneOf, schemas) : null;
    return discriminator === null ? visited : { ...visited, discriminator };
  };
  return visit(schemas) as Json;
}

function discriminatorOf(variants: readonly Json[], schemas: Json): Json | null {
  const named = variants.map(({ $ref }) => String($ref ?? ''));
  const constantsOf = (ref: string): Record<string, Json> =>
    ((schemas[ref.slice(ref.lastIndexOf('/') + 1)] as Json | undefined)?.properties ?? {}) as Record<
      string,
      Json
    >;
  const field = ['type', 'kind'].find((name) =>
    named.every((ref) => constantsOf(ref)[name]?.const !== undefined),
  );
  if (field === undefined) return null;
  const mapping = Object.fromEntries(named.map((ref) => [constantsOf(ref)[field]?.const, ref]));
  return { propertyName: field, mapping };
}

/** In the document a schema is known by its place. */
function withoutIdentity(schema: object): Json {
  const { $schema: _schema, $id: _id, id: _name, ...rest } = schema as Json;
  return rest;
}
