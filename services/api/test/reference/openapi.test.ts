/** The API reference: a valid document, every route in it, and nothing in it that the api does not do. */
import { railSamples } from '@capstan/shared/domain/rail-samples';
import { RAILS } from '@capstan/shared/domain/rails';
import { PROBLEMS } from '@capstan/shared/domain/request-problems';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANSWER_SCHEMAS } from '../../src/reference/answer-schemas.ts';
import { COMMAND_EXAMPLES } from '../../src/reference/examples.ts';
import { OPERATIONS } from '../../src/reference/operations.ts';
import { type ApiFixture, get, openApi, postBatch, postCommand, SECRETS, send } from '../api-fixture.ts';

let api: ApiFixture;
// biome-ignore lint/suspicious/noExplicitAny: a JSON document is walked.
let document: any;

beforeAll(async () => {
  api = await openApi();
  document = (await send(api.app, { method: 'GET', url: '/openapi.json' })).body;
});

afterAll(() => api.close());

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document));

  expect(result.errors ?? []).toEqual([]);
  expect(document.openapi).toBe('3.1.1');
});

test('every reference in it leads somewhere', () => {
  const text = JSON.stringify(document);
  for (const [, path] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = (path as string).split('/').reduce((at, part) => at?.[part], document);
    expect(found, path).toBeDefined();
  }
});

test('it describes no route that is not there, each with its scope', () => {
  for (const { method, path, scope } of OPERATIONS) {
    const url = path.replace(/\{(\w+)\}/g, ':$1');
    expect(api.app.hasRoute({ method, url }), `${method} ${path}`).toBe(true);
    const security = document.paths[path][method.toLowerCase()].security;
    expect(security).toEqual(scope === null ? [] : [{ apiKey: [scope] }]);
  }
});

test('it shows an example of every rail and every payment type', () => {
  expect(new Set(railSamples.map(({ rail }) => rail))).toEqual(new Set(Object.keys(RAILS)));
  const examples = document.paths['/v1/commands'].post.requestBody.content['application/json'].examples;
  expect(Object.keys(examples).length).toBeGreaterThan(railSamples.length);
});

test('it lists every problem code with what to do', () => {
  expect(Object.keys(document.components.responses).sort()).toEqual(Object.keys(PROBLEMS).sort());
  expect(document.components.schemas.Problem.properties.code.enum.sort()).toEqual(
    Object.keys(PROBLEMS).sort(),
  );
});

describe('every example of a command', () => {
  test.each(Object.entries(COMMAND_EXAMPLES))('%s is accepted as it stands', async (name, { value }) => {
    const { status, body } = await postCommand(api.app, value, `example-${name}`);

    expect({ status, ...body }).toMatchObject({ status: 202 });
    ANSWER_SCHEMAS.CommandAnswer.parse(body);
  });
});

test('every example of a batch is accepted as it stands', async () => {
  const { examples } = document.paths['/v1/commands/batch'].post.requestBody.content['application/json'];
  for (const { value } of Object.values(examples) as { value: unknown }[]) {
    const { body } = await postBatch(api.app, value);
    ANSWER_SCHEMAS.BatchAnswer.parse(body);
    expect(body.results.map(({ status }: { status: number }) => status)).toEqual([202, 202]);
  }
});

test('answers are what the document says they are', async () => {
  await postCommand(api.app, COMMAND_EXAMPLES.collect?.value, 'answers');
  const commands = await get(api.app, '/v1/commands?limit=200');
  const payments = await get(api.app, '/v1/payments?limit=200');
  ANSWER_SCHEMAS.CommandList.parse(commands.body);
  ANSWER_SCHEMAS.PaymentList.parse(payments.body);
  const { key } = payments.body.payments[0];
  ANSWER_SCHEMAS.PaymentAnswer.parse((await get(api.app, `/v1/payments/${key}`)).body);
  ANSWER_SCHEMAS.Timeline.parse((await get(api.app, `/v1/payments/${key}/timeline`)).body);
  const cancel = `/v1/commands/${commands.body.commands[0].id}/cancel`;
  const headers = { authorization: `Bearer ${SECRETS.all}` };
  await send(api.app, { method: 'POST', url: cancel, headers });
  const events = await get(api.app, '/v1/events');
  expect(events.body.events).not.toEqual([]);
  ANSWER_SCHEMAS.EventList.parse(events.body);
  ANSWER_SCHEMAS.Liveness.parse((await get(api.app, '/healthz')).body);
  ANSWER_SCHEMAS.Readiness.parse((await get(api.app, '/readyz')).body);
  ANSWER_SCHEMAS.Problem.parse((await get(api.app, '/v1/payments/nobody')).body);
});

test('the page and all it loads come from here', async () => {
  const page = await send(api.app, { method: 'GET', url: '/docs' });
  expect(page).toMatchObject({
    status: 200,
    headers: { 'content-type': expect.stringContaining('text/html') },
  });
  const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
  expect(loaded).toHaveLength(3);
  for (const url of loaded) expect((await send(api.app, { method: 'GET', url: `/${url}` })).status).toBe(200);
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
});
