// Scenario: the samples of the shared table, every payment type over every rail it may use.
// Goal: the sandbox takes what the table says is complete and refuses what it says is not.
import { type RailSample, railSamples } from '@capstan/shared/domain/rail-samples';
import { type Direction, RAILS, requiredPaths } from '@capstan/shared/domain/rails';
import { expect, test } from 'vitest';
import { openSandbox } from './sandbox-client.ts';

type Node = Record<string, unknown>;

/** One sample per rail and direction: a TOPUP goes in over it, a WITHDRAWAL out. */
const SIDES = railSamples
  .filter(({ type }) => type === 'TOPUP_ACCOUNT' || type === 'WITHDRAWAL_ACCOUNT')
  .map((sample) => ({
    ...sample,
    direction: (sample.type === 'TOPUP_ACCOUNT' ? 'in' : 'out') as Direction,
    key: RAILS[sample.rail].key,
  }));

function nodeOf({ body, rail }: RailSample): Node {
  return structuredClone([...body.origins, ...body.destinations].find(({ type }) => type === rail) as Node);
}

function withNode({ body, rail }: RailSample, node: Node) {
  const replace = (nodes: readonly { type: string }[]) =>
    nodes.map((each) => (each.type === rail ? node : each));
  return { ...body, origins: replace(body.origins), destinations: replace(body.destinations) };
}

function without(node: Node, path: string): Node {
  const [step = '', ...rest] = path.split('.');
  const { [step]: value, ...others } = node;
  if (rest.length === 0 || value === undefined) return others;
  return { ...others, [step]: without(value as Node, rest.join('.')) };
}

test.each(railSamples)('$name: the sample is taken and settles', async ({ body }) => {
  const client = await openSandbox();
  const id = await client.capture(body);
  await client.transition(id, 'SETTLED');
  expect((await client.ledger()).payments).toMatchObject([
    { id, status: 'SETTLED', effects: { capture: 1 } },
  ]);
});

test.each(SIDES)(
  '$name: a pay-in comes back with what its payer needs, a pay-out as sent',
  async (sample) => {
    const { post } = await openSandbox();
    const { body } = await post('/sandbox/payments', sample.body);
    const [sent, read] = [nodeOf(sample), nodeOf({ ...sample, body })];
    if (sample.direction === 'out') expect(read).toEqual(sent);
    else expect(read[sample.key]).toMatchObject(Object.fromEntries(returned(sample)));
  },
);

function returned({ rail }: RailSample): [string, unknown][] {
  return RAILS[rail].returns.map((field) => [field, expect.any(String)]);
}

test.each(SIDES)('$name: no rail object, two of them and an unknown currency are refused', async (sample) => {
  const { post, ledger } = await openSandbox();
  const codeOf = async (node: Node) => (await post('/sandbox/payments', withNode(sample, node))).body.code;
  expect(await codeOf(without(nodeOf(sample), sample.key))).toBe('12');
  expect(await codeOf({ ...nodeOf(sample), account: {} })).toBe('11');
  expect(await codeOf({ ...nodeOf(sample), currency: 'XXX' })).toBe('11');
  expect((await ledger()).payments).toEqual([]);
});

test.each(SIDES.filter(({ rail, direction }) => requiredPaths(rail, direction).length > 0))(
  '$name: each missing field is named',
  async (sample) => {
    const { post } = await openSandbox();
    for (const paths of requiredPaths(sample.rail, sample.direction)) {
      const node = paths.reduce(without, nodeOf(sample));
      const { body } = await post('/sandbox/payments', withNode(sample, node));
      expect(body).toMatchObject({ code: '12', detail: expect.stringContaining(paths.join(' or ')) });
    }
  },
);

test('a rail does not move a currency that it does not serve', async () => {
  const { post } = await openSandbox();
  const pix = SIDES.find(({ rail }) => rail === 'PIX') as RailSample;
  const { body: brl } = pix;
  const usd = JSON.parse(JSON.stringify(brl).replaceAll('BRL', 'USD'));
  const { identityId, accountNumber } = SIDES.find(({ rail }) => rail === 'ACH')?.body ?? brl;
  const own = { type: 'ACCOUNT', currency: 'USD', identity: { identityId }, account: { accountNumber } };
  const answer = await post('/sandbox/payments', { ...usd, identityId, accountNumber, destinations: [own] });
  expect(answer.body).toMatchObject({ code: '11', detail: expect.stringContaining('PIX serves BRL') });
});
