import { SANDBOX_SETTINGS } from '@capstan/conomy-sandbox/config';
import { commonSettings } from '@capstan/shared/config/common-settings';
import type { Setting, Settings } from '@capstan/shared/config/parse-env';
import { code, table } from '@capstan/shared/domain/markdown';
// By path: a dependency on the services would be a cycle, as their tests depend on this package.
import { apiSettings } from '../../../services/api/src/config.ts';
import { capturerSettings } from '../../../services/capturer/src/config.ts';
import { reconcilerSettings } from '../../../services/reconciler/src/config.ts';

const SERVICES: Readonly<Record<string, Settings>> = {
  api: apiSettings,
  capturer: capturerSettings,
  reconciler: reconcilerSettings,
};

const { DATABASE_URL, DATABASE_DIRECT_URL } = commonSettings(0);

/** Everything that is configured by its environment, by the name it is started by. */
const PROCESSES: Readonly<Record<string, Settings>> = {
  ...SERVICES,
  migrate: { DATABASE_URL, DATABASE_DIRECT_URL },
  sandbox: SANDBOX_SETTINGS,
};

/** One meaning of one variable, shared by all who read it so. */
interface Variable {
  name: string;
  setting: Setting<unknown>;
  /** Text of the default by process; undefined where the variable is required. */
  defaults: Map<string, string | undefined>;
}

/** The page about the environment variables of all processes, as Markdown, from the tables they are parsed with. */
export function describeConfiguration(): string {
  return `${INTRODUCTION}
${table(
  ['Name', 'Read by', 'Meaning', 'Must be', 'Default', 'Secret'],
  gatherVariables(PROCESSES).map(({ name, setting, defaults }) => [
    code(name),
    readersOf([...defaults.keys()]),
    setting.description,
    demandOf(setting),
    describeDefaults(defaults),
    setting.secret ? `yes, or ${code(`${name}_FILE`)}` : '',
  ]),
)}

${DEVELOPMENT}`;
}

/** In the order of the tables; a name that two processes understand differently is two variables. */
function gatherVariables(processes: Readonly<Record<string, Settings>>): Variable[] {
  const variables = new Map<string, Variable>();
  for (const [process, settings] of Object.entries(processes)) {
    for (const [name, setting] of Object.entries(settings)) {
      const meaning = `${name} ${setting.description}`;
      const variable = variables.get(meaning) ?? { name, setting, defaults: new Map() };
      variables.set(meaning, variable);
      variable.defaults.set(process, setting.default);
    }
  }
  return [...variables.values()];
}

function readersOf(processes: readonly string[]): string {
  const services = Object.keys(SERVICES);
  const all = services.every((service) => processes.includes(service));
  const rest = processes.filter((process) => !all || !services.includes(process));
  return [...(all ? ['services'] : []), ...rest].join(', ');
}

/**
 * What the variable asks for, in the words that a start ends with when it gets something else. A secret's words
 * are left out: they are about the parts of one value.
 */
function demandOf({ schema, secret }: Setting<unknown>): string {
  const refused = secret ? undefined : schema.safeParse('\0').error;
  return refused?.issues.map(({ message }) => message.replace(/^must be /, '')).join('; ') ?? '';
}

function describeDefaults(defaults: Variable['defaults']): string {
  const distinct = new Set(defaults.values());
  if (distinct.size === 1) return describeDefault([...distinct][0]);
  return [...defaults].map(([process, value]) => `${process} ${describeDefault(value)}`).join(', ');
}

function describeDefault(value: string | undefined): string {
  if (value === undefined) return '**required**';
  return value === '' ? 'empty' : code(value);
}

const INTRODUCTION = `# Configuration

Made from the code by \`pnpm docs:write\`: never edit it.

Every process is configured by its environment alone and reads it once, at its start. Its first log line says what it
understood, of secrets only whether they are configured. A value that is missing or bad stops the start; the message
names every such variable and why. An empty value counts as not set.

A secret may come from a file: \`API_KEYS_FILE=/run/secrets/api_keys\` instead of \`API_KEYS\`. Set one of the two.

*services* are \`api\`, \`capturer\` and \`reconciler\`. \`migrate\` is \`pnpm db:migrate\`. \`sandbox\` is the local Conomy and no
part of production.
`;

const DEVELOPMENT = `## On your own machine

\`demo\`, \`dev\` and \`test\` ignore all of the above and set it themselves, for parts they started themselves. They look at:

${table(
  ['Name', 'Meaning', 'Default'],
  [
    [code('CAPSTAN_QUEUE'), 'the queue: `redis` or `postgres`', 'Redis if it is installed, else PostgreSQL'],
    [code('PG_BIN'), 'folder with the PostgreSQL programs to use', 'those of the npm package'],
    [code('CI'), '`true`: a test whose program is not installed fails instead of being skipped', 'not set'],
  ],
)}
`;
