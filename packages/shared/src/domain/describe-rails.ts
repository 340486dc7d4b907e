import { code, table } from './markdown.ts';
import { PAYMENT_TYPE_NAMES, PAYMENT_TYPES, type SideRule, UNCREATABLE_TYPES } from './payment-types.ts';
import { CUSTOMER_FIELDS } from './rail-fields.ts';
import { type Direction, RAIL_TYPES, RAILS, type Rail, type RailType, requiredPaths } from './rails.ts';

/** The page about payment types and rails, as Markdown, from the tables that create bodies are checked with. */
export function describeRails(): string {
  return `${INTRODUCTION}
## Payment types

${table(
  ['Type', 'Origins', 'Destinations', 'Started by', 'Notes'],
  PAYMENT_TYPE_NAMES.map((name) => {
    const { origins, destinations, initiator, singleCurrency, amountsRequired, note } = PAYMENT_TYPES[name];
    const notes = [
      singleCurrency && 'One currency throughout.',
      amountsRequired && 'Every node states its amount.',
      note,
    ];
    const sides = [sideOf(origins, 'pay-in rail'), sideOf(destinations, 'pay-out rail')];
    return [code(name), ...sides, initiator, notes.filter(Boolean).join(' ')];
  }),
)}

Not created by a caller:

${Object.entries(UNCREATABLE_TYPES)
  .map(([type, reason]) => `- ${code(type)}: ${reason}.`)
  .join('\n')}

${RULES}
## Rails

${table(
  ['Rail', 'Key', 'Country', 'Currency', 'Direction and what is required', 'Comes back', 'Notes'],
  RAIL_TYPES.map((type) => rowOf(type, RAILS[type])),
)}
`;
}

const INTRODUCTION = `# Payment types and rails

Written by \`pnpm docs:write\` from \`packages/shared/src/domain/payment-types.ts\` and \`rails.ts\`: never edit it. D-numbers name
places where Conomy's own documents disagree; they are explained in [conomy.md](conomy.md).
`;

const RULES = `How the amounts fit together:

- \`product\` is \`purchaseCurrency:currency\`. Origins are in \`purchaseCurrency\`, destinations in \`currency\`.
- At least one of \`purchaseAmount\` and \`totalAmount\`, each with its currency; equal if both are in one currency.
- A node alone on its side may leave \`amount\` out and then means the whole. Several nodes on a side all state theirs, and
  they sum to the payment's amount in the currency of that side.
- A node has exactly one rail object, under the key of its type, and no unknown fields.
- Where a rail takes a \`customer\`, it may carry ${CUSTOMER_FIELDS.map(code).join(', ')}.
  Its \`country\` is ISO 3166-1 alpha-3.
`;

function rowOf(type: RailType, rail: Rail): string[] {
  return [
    code(type),
    code(rail.key),
    rail.countries?.join(', ') ?? 'any',
    rail.currencies?.join(', ') ?? 'any',
    directionsOf(type, rail),
    rail.returns.map(code).join(', '),
    rail.note ?? '',
  ];
}

/** Both directions in one phrase where they want the same. */
function directionsOf(type: RailType, rail: Rail): string {
  const phrases = (['in', 'out'] as const)
    .filter((direction) => rail[direction])
    .map((direction): [Direction, string] => [direction, requirementOf(type, direction)]);
  const [first, second] = phrases;
  if (first && second && first[1] === second[1]) return `in and out: ${first[1]}`;
  return phrases.map(([direction, requirement]) => `${direction}: ${requirement}`).join('<br>');
}

function requirementOf(type: RailType, direction: Direction): string {
  const paths = requiredPaths(type, direction).map((choice) => choice.map(code).join(' or '));
  const required = paths.length === 0 ? 'nothing' : paths.join(', ');
  const { key, [direction]: side } = RAILS[type];
  const optional = (side?.optional ?? []).map((path) => code(`${key}.${path}`));
  return optional.length === 0 ? required : `${required} (optional: ${optional.join(', ')})`;
}

function sideOf({ min, max, rails }: SideRule, rail: string): string {
  const count = min === max ? String(min) : `${min} to ${max}`;
  const kinds = [rails.includes('ACCOUNT') && '`ACCOUNT`', rails.some((type) => type !== 'ACCOUNT') && rail];
  return `${count} × ${kinds.filter(Boolean).join(' or ')}`;
}
