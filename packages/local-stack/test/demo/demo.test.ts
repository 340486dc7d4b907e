import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../src/demo.ts', import.meta.url));
/** From nothing running to nothing running, also on a slow machine. */
const RUN_MS_MAX = 180_000;

/** Runs the real program; `onLine` sees every line of its output and may signal it. */
async function runDemo(args: string[], onLine: (line: string, kill: () => void) => void = () => {}) {
  // Settings of a real deployment must not be used.
  const env = {
    ...process.env,
    DATABASE_URL: 'postgres://nowhere.invalid/x',
    CONOMY_BASE_URL: 'http://nowhere.invalid',
  };
  const child = spawn(process.execPath, ['--conditions=source', ENTRY, ...args], { env });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      onLine(line, () => child.kill('SIGINT'));
    });
  }
  const [code] = await once(child, 'close');
  return { code, lines };
}

describe('pnpm demo', () => {
  it(
    'runs real commands to their ends and finds that nothing disagrees',
    async () => {
      const { code, lines } = await runDemo([]);
      expect(lines.join('\n')).toContain('Everything ended as it should and nothing disagrees.');
      expect(code).toBe(0);
      expect(lines.filter((line) => line.includes(' SETTLED ')).length).toBeGreaterThanOrEqual(15);
      expect(lines.some((line) => / REFUND .* succeeded +SETTLED .* ✔$/.test(line))).toBe(true);
      expect(lines.some((line) => / PURCHASE +attempt.* succeeded +ATTEMPT .* ✔$/.test(line))).toBe(true);
      expect(lines.filter((line) => line.startsWith('✔'))).toHaveLength(9);
      expect(lines.join(' ')).toContain('10,000,000,000.00 COP → 10,000,015,000.00 COP');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    },
    RUN_MS_MAX,
  );

  it(
    'stops everything and exits with 130 when it is interrupted',
    async () => {
      const { code, lines } = await runDemo(['--commands', '400'], (line, interrupt) => {
        if (line.includes('commands sent')) interrupt();
      });
      expect(lines.at(-1)).toBe('Interrupted; everything has stopped.');
      expect(code).toBe(130);
    },
    RUN_MS_MAX,
  );

  it('exits with 2 and its usage on a command line it cannot follow', async () => {
    const { code, lines } = await runDemo(['--commands', 'all']);
    expect(code).toBe(2);
    expect(lines).toContain('Usage: pnpm demo [--commands N] [--seed S] [--faults] [--keep]');
  });
});
