import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DCLinter } from 'dclint';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SANDBOX_SETTINGS } from '../../packages/conomy-sandbox/src/config.ts';
import type { Settings } from '../../packages/shared/src/config/parse-env.ts';
import { apiSettings } from '../../services/api/src/config.ts';
import { capturerSettings } from '../../services/capturer/src/config.ts';
import { reconcilerSettings } from '../../services/reconciler/src/config.ts';

// Scenario: nobody here has a container engine, and a mistake in these files shows only where one runs.
// Goal: each is checked by a maintained linter, and against the code: settings, health checks, the ways to stop.

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(pathOf(name), 'utf8');

describe('Dockerfile', () => {
  const dockerfile = DockerfileParser.parse(read('Dockerfile'));
  const instructions = dockerfile.getInstructions();
  const lastStage = instructions.slice(
    instructions.map((instruction) => instruction.getKeyword()).lastIndexOf('FROM'),
  );
  const inLastStage = (keyword: string) =>
    lastStage.filter((instruction) => instruction.getKeyword() === keyword);

  test('the linter has nothing to say', () => {
    expect(
      validate(read('Dockerfile')).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
    ).toEqual([]);
  });

  test('Node is the one everything else runs on', () => {
    const [, version] = /^nodeVersion: (.+)$/m.exec(read('pnpm-workspace.yaml')) ?? [];
    const images = dockerfile.getFROMs().map((from) => from.getImage());
    expect(images).toEqual([`node:${version}-slim`, `node:${version}-slim`]);
  });

  test('what runs is not root, takes the part as argument, gets the signals and is checked', () => {
    expect(inLastStage('USER').map((user) => user.getArgumentsContent())).toEqual(['node']);
    expect(inLastStage('ENTRYPOINT').map((entry) => entry.getArgumentsContent())).toEqual([
      '["node", "scripts/start.mjs"]',
    ]);
    expect(inLastStage('CMD').map((command) => command.getArgumentsContent())).toEqual(['["api"]']);
    expect(inLastStage('HEALTHCHECK')).toHaveLength(1);
    expect(inLastStage('RUN')).toEqual([]);
  });
});

interface ComposeService {
  command?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  ports?: string[];
  container_name?: string;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  stop_grace_period?: string;
  restart?: string;
  profiles?: string[];
  read_only?: boolean;
  volumes?: string[];
}

/** Of dclint, whose own types the compiler cannot resolve. */
interface LintedFile {
  messages: { line: number; rule: string; message: string }[];
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, ComposeService>;
    secrets: Record<string, { environment: string }>;
  };
  const service = (name: string): ComposeService => {
    const found = compose.services[name];
    if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
    return found;
  };
  const settingsOf: Record<string, Settings> = {
    api: apiSettings,
    capturer: capturerSettings,
    reconciler: reconcilerSettings,
    sandbox: SANDBOX_SETTINGS,
  };

  test('it follows the schema of compose files and the linter has nothing to say', () => {
    const sortedByMeaning = {
      'service-keys-order': 0,
      'services-alphabetical-order': 0,
      'service-dependencies-alphabetical-order': 0,
      'top-level-properties-order': 0,
    } as const;
    const rules = { ...sortedByMeaning, 'require-quotes-in-ports': [1, { quoteType: 'double' }] };
    const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
    const files: LintedFile[] = linter.lintFiles([pathOf('docker-compose.yml')], false);
    const said = files.flatMap(({ messages }) => messages);
    expect(said.map(({ line, rule, message }) => `${line} ${rule}: ${message}`)).toEqual([]);
  });

  test.each(Object.keys(settingsOf))('%s gets every setting it needs, by a name it knows', (name) => {
    const settings = settingsOf[name] as Settings;
    const given = Object.keys(service(name).environment ?? {});
    const names = given.map((key) => (key in settings ? key : key.replace(/_FILE$/, '')));
    expect(names.filter((key) => !(key in settings))).toEqual([]);
    const needed = Object.entries(settings).filter(([, { default: byDefault }]) => byDefault === undefined);
    expect(needed.map(([key]) => key).filter((key) => !names.includes(key))).toEqual([]);
  });

  test('every variable of docs/configuration.md reaches the part that reads it', () => {
    const rows = [...read('docs/configuration.md').matchAll(/^\| `([A-Z_]+)` \| ([a-z, ]+) \|/gm)];
    const readBy = rows.flatMap(([, name = '', readers = '']) =>
      readers
        .replace('services', 'api, capturer, reconciler')
        .split(', ')
        .map((part) => ({ name, part })),
    );
    const setByTheImage = /^ENV NODE_ENV=.*$/m.exec(read('Dockerfile'))?.[0] ?? '';
    const passed = readBy.filter(({ name }) => !setByTheImage.includes(`${name}=`));
    expect(passed.length).toBeGreaterThan(60);
    const missing = passed.filter(({ name, part }) => {
      const { environment = {} } = service(part);
      const value = environment[name];
      const isPassedOn = value?.startsWith(`\${${name}:`) || part === 'sandbox';
      return !(`${name}_FILE` in environment) && !(value !== undefined && isPassedOn);
    });
    expect(missing).toEqual([]);
  });

  test('commands for operators run as the image does, and may write their report', () => {
    const capstan = service('capstan');
    expect(capstan).toMatchObject({
      read_only: true,
      profiles: ['tools'],
      volumes: ['reports:/app/reports'],
    });
    expect(capstan.environment).toEqual(service('reconciler').environment);
    expect(read('Dockerfile')).toContain('--chown=node:node /app/reports ./reports');
    expect(read('scripts/assemble-production.sh')).toContain('"$target/reports"');
  });

  test.each(Object.keys(compose.services))('%s gets its secrets as files, and no other', (name) => {
    const { environment = {}, secrets = [] } = service(name);
    const files = Object.entries(environment).filter(([key]) => key.endsWith('_FILE'));
    expect(files.map(([, path]) => path).sort()).toEqual(secrets.map((key) => `/run/secrets/${key}`).sort());
    for (const secret of secrets) expect(compose.secrets).toHaveProperty(secret);
    const settings = settingsOf[name] ?? {};
    expect(Object.keys(environment).filter((key) => settings[key]?.secret)).toEqual([]);
  });

  test('the env file for the local Conomy gives every variable that has no default', () => {
    const given = [...read('deploy/sandbox.env').matchAll(/^([A-Z_]+)=/gm)].map(([, key]) => key);
    const asked = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)(?::\?[^}]*)?\}/g)].map(
      ([, key]) => key,
    );
    const secrets = Object.values(compose.secrets).map(({ environment }) => environment);
    expect([...asked, ...secrets].filter((key) => !given.includes(key))).toEqual([]);
  });

  test('services wait for the migrations, restart, stop in peace and are checked', () => {
    for (const name of ['api', 'capturer', 'reconciler']) {
      expect(service(name)).toMatchObject({
        command: [name],
        depends_on: { migrate: { condition: 'service_completed_successfully' } },
        restart: 'unless-stopped',
        healthcheck: { test: ['CMD', 'node', 'scripts/check-health.mjs', '/healthz'] },
      });
      const graceMs = Number.parseInt(service(name).stop_grace_period ?? '0', 10) * 1_000;
      expect(graceMs).toBeGreaterThan(Number(apiSettings.DRAIN_TIMEOUT_MS.default));
    }
    expect(service('migrate').restart).toBe('no');
  });

  test('capturers and reconcilers can be scaled: no port, no name of their own', () => {
    for (const name of ['capturer', 'reconciler']) {
      expect(service(name)).not.toHaveProperty('ports');
      expect(service(name)).not.toHaveProperty('container_name');
    }
  });

  test('Redis keeps its jobs: on disk, never evicted', () => {
    const command = service('redis').command?.join(' ');
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(command).toContain('--hz 100');
  });

  test('the local Conomy starts only when asked for', () => {
    const always = Object.entries(compose.services).filter(([, { profiles }]) => profiles === undefined);
    expect(always.map(([name]) => name)).not.toContain('sandbox');
    expect(service('sandbox').profiles).toEqual(['sandbox']);
  });
});
