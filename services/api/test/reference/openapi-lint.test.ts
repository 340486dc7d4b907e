/** The API document as tools see it: those that lint it, that check its examples and that make clients from it. */
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';
import { ANSWER_SCHEMAS } from '../../src/reference/answer-schemas.ts';
import { buildOpenApiDocument } from '../../src/reference/openapi-document.ts';
import { REQUEST_SCHEMAS } from '../../src/reference/operation.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON document is walked.
const document = buildOpenApiDocument() as any;

/** What Redocly's recommended rules find and why it stays. */
const EXPLAINED: Readonly<Record<string, RegExp>> = {
  // The document says nothing of the licence under which you run Capstan.
  'info-license': /^#\/info$/,
  // Nothing that a caller sends can be wrong there.
  'operation-4xx-response': /^#\/paths\/~1(healthz|readyz|metrics)\/get\/responses$/,
  // All problems stand together, also those that share a status with others wherever they occur.
  'no-unused-components': /^#\/components\/responses\//,
};

test("Redocly's lint finds no error, and nothing that is not explained", async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source: JSON.stringify(document), config });
  const told = found.map(({ severity, ruleId, message, location }) => ({
    severity,
    ruleId,
    message,
    at: location[0]?.pointer ?? '',
  }));
  expect(told.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(told.filter(({ ruleId, at }) => !EXPLAINED[ruleId]?.test(at))).toEqual([]);
});

test('no name stands for something that is sent and something that is answered', () => {
  const sent = new Set(Object.keys(REQUEST_SCHEMAS));
  expect(Object.keys(ANSWER_SCHEMAS).filter((name) => sent.has(name))).toEqual([]);
  expect(Object.keys(document.components.schemas).length).toBe(
    sent.size + Object.keys(ANSWER_SCHEMAS).length,
  );
});

test('every example fits the schema it stands beside', () => {
  const ajv = new Ajv2020({ strict: false, discriminator: false });
  formats.default(ajv);
  ajv.addSchema(document, 'document');
  const known = new Map<string, ReturnType<typeof ajv.compile>>();
  const compiled = (schema: string) => {
    const fits = known.get(schema) ?? ajv.compile(JSON.parse(schema.replaceAll('"#/', '"document#/')));
    known.set(schema, fits);
    return fits;
  };
  const faults: unknown[] = [];
  let examples = 0;
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { schema, examples: shown } = node as {
      schema?: object;
      examples?: Record<string, { value: unknown }>;
    };
    for (const [name, { value }] of Object.entries(schema && shown ? shown : {})) {
      examples += 1;
      const fits = compiled(JSON.stringify(schema));
      if (!fits(value)) faults.push({ at: `${path}/${name}`, errors: fits.errors?.slice(0, 2) });
    }
    for (const [name, child] of Object.entries(node)) visit(child, `${path}/${name}`);
  };
  visit(document.paths, '');
  visit(document.components.responses, '/responses');
  expect(faults).toEqual([]);
  expect(examples).toBeGreaterThan(100);
});

test('numbers and truth values in a URL are told as such', () => {
  const parameters = Object.values(document.paths).flatMap((path) =>
    Object.values(
      path as Record<string, { parameters?: { name: string; schema: { type?: string } }[] }>,
    ).flatMap((operation) => operation.parameters ?? []),
  );
  const typed: Record<string, string> = {
    limit: 'integer',
    wait: 'integer',
    after: 'integer',
    preview: 'boolean',
  };
  const found = parameters.filter(({ name }) => name in typed);
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set(Object.keys(typed)));
  for (const { name, schema } of found) expect(schema.type, name).toBe(typed[name]);
});

test.each(['PaymentCommand', 'BatchedCommand', 'TimelineEntry'])(
  '%s says by one field which of its kinds it is',
  (name) => {
    const { oneOf, discriminator } = document.components.schemas[name];
    expect(Object.values(discriminator.mapping).sort()).toEqual(
      oneOf.map(({ $ref }: { $ref: string }) => $ref).sort(),
    );
  },
);

test('it describes each event that is pushed', () => {
  expect(Object.keys(document.webhooks).sort()).toEqual(
    [...document.components.schemas.PushedEvent.properties.type.enum].sort(),
  );
});
