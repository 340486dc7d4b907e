import { z } from 'zod';
import { CUSTOMER_FIELDS, fieldFormat, text } from './rail-fields.ts';
import { type Direction, RAILS, type RailSide, type RailType, railsGoing } from './rails.ts';

/** What every node has, whatever its rail; the rail's own fields stand under the rail's key. */
export interface PaymentNode {
  type: RailType;
  currency: string;
  amount?: string;
  identity?: { identityId: string };
  account?: { accountNumber: string };
  [field: string]: unknown;
}

/** Fields that a node of any rail may carry. */
const nodeBase = {
  currency: text(10),
  amount: z.string().optional(),
  name: text(100).optional(),
  externalId: text(200).optional(),
  identity: objectOf('identity', [{ path: 'identityId', required: true }]).optional(),
  metadata: z
    .strictObject({ image: text(2_000), description: text(500), category: text(100) })
    .partial()
    .optional(),
};

/** By place and rail. */
export const RAIL_NODES = { in: railNodes('in'), out: railNodes('out') } as const;

/**
 * A node as it is sent, by its place: origins are `in`, destinations are `out`. The base fields and exactly the
 * rail object that belongs to the node's type and direction; unknown fields are refused.
 */
export const paymentNode: Readonly<Record<Direction, z.ZodType<PaymentNode>>> = {
  in: anyNode('in'),
  out: anyNode('out'),
};

function railNodes(direction: Direction): ReadonlyMap<RailType, ReturnType<typeof nodeOf>> {
  return new Map(railsGoing(direction).map((type) => [type, nodeOf(type, direction)]));
}

function anyNode(direction: Direction): z.ZodType<PaymentNode> {
  const types = railsGoing(direction);
  const schemas = [...RAIL_NODES[direction].values()] as unknown as [z.ZodObject];
  return z.discriminatedUnion('type', schemas, {
    error: ({ input }) => explainType(input, direction, types),
  }) as unknown as z.ZodType<PaymentNode>;
}

function explainType(node: unknown, direction: Direction, types: readonly RailType[]): string {
  const list = `must be one of ${types.join(', ')}`;
  const type = (node as { type?: unknown } | null | undefined)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(RAILS, type)) return list;
  return `is a rail over which no money goes ${direction === 'in' ? 'in' : 'out'}: ${list}`;
}

function nodeOf(type: RailType, direction: Direction) {
  const { key, [direction]: side } = RAILS[type];
  if (!side) throw new RangeError(`rail ${type} does not go ${direction}`);
  const node = z.strictObject({
    type: z.literal(type),
    ...nodeBase,
    ...shapeOf('', besideFields(side)),
    [key]: objectOf(key, insideFields(side)),
  });
  return node.superRefine((value, context) => {
    const { [key]: own } = value as unknown as Record<string, Record<string, unknown>>;
    if (!own) return;
    for (const fault of [...choiceFaults(own, side), ...currencyFaults(own, value.currency)]) {
      context.addIssue({ code: 'custom', path: [key, ...fault.path], message: fault.message });
    }
  });
}

/** A field of the tree that the paths of the table make. */
interface Field {
  path: string;
  required: boolean;
}

/** Fields inside the rail object. Of a choice no field is required by itself: {@link choiceFaults} judges it. */
function insideFields({ required, optional = [] }: RailSide): Field[] {
  return withWholeCustomer([
    ...required.flatMap((field) =>
      typeof field === 'string'
        ? [{ path: field, required: true }]
        : field.map((path) => ({ path, required: false })),
    ),
    ...optional.map((path) => ({ path, required: false })),
  ]);
}

function besideFields({ beside = [] }: RailSide): Field[] {
  return withWholeCustomer(beside.map((path) => ({ path, required: true })));
}

/** Where a customer is sent at all, each field of a customer may be. */
function withWholeCustomer(fields: Field[]): Field[] {
  const others = fields.filter(({ path }) => path !== 'customer');
  if (!fields.some(({ path }) => path.split('.')[0] === 'customer')) return fields;
  const known = new Set(others.map(({ path }) => path));
  const rest = CUSTOMER_FIELDS.map((name) => `customer.${name}`).filter((path) => !known.has(path));
  return [...others, ...rest.map((path) => ({ path, required: false }))];
}

function objectOf(at: string, fields: readonly Field[]): z.ZodObject {
  return z.strictObject(shapeOf(at, fields));
}

/** An object is required where one of its fields is. */
function shapeOf(at: string, fields: readonly Field[]): Record<string, z.ZodType> {
  const byName = Map.groupBy(fields, ({ path }) => path.split('.')[0] ?? path);
  const shape = [...byName].map(([name, own]): [string, z.ZodType] => {
    const path = at === '' ? name : `${at}.${name}`;
    const inner = own
      .filter((field) => field.path !== name)
      .map((field) => ({ ...field, path: field.path.slice(name.length + 1) }));
    const schema = inner.length > 0 ? objectOf(path, inner) : fieldFormat(path);
    return [name, own.some(({ required }) => required) ? schema : schema.optional()];
  });
  return Object.fromEntries(shape);
}

interface Fault {
  path: string[];
  message: string;
}

function choiceFaults(own: Record<string, unknown>, side: RailSide): Fault[] {
  return side.required.flatMap((field) => {
    if (typeof field === 'string') return [];
    const given = field.filter((path) => valueAt(own, path) !== undefined);
    if (given.length === 1) return [];
    const message =
      given.length === 0
        ? `is missing: give ${field.join(' or ')}`
        : `must be given once: ${given.join(' or ')}`;
    return [{ path: (given.at(-1) ?? field[0] ?? '').split('.'), message }];
  });
}

function currencyFaults({ currency }: Record<string, unknown>, nodeCurrency: string): Fault[] {
  if (currency === undefined || currency === nodeCurrency) return [];
  return [{ path: ['currency'], message: `must be ${nodeCurrency}, the currency of the node` }];
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}
