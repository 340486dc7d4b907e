import { COMMAND_PROBLEMS, type CommandProblemCode, outcomesOf } from './command-problems.ts';
import { PROBLEMS } from './request-problems.ts';

/** The page docs/errors.md: every problem code, in the order of the tables. */
export function describeErrors(): string {
  const requests = Object.entries(PROBLEMS).map(([code, { status, ...problem }]) =>
    section(code, String(status), problem),
  );
  const commands = Object.entries(COMMAND_PROBLEMS).map(([code, { statuses, ...problem }]) =>
    [
      section(code, statuses.join(', '), problem),
      ...conclusions(outcomesOf(code as CommandProblemCode)),
    ].join('\n'),
  );
  return `${[HEAD, '## Requests', REQUESTS, ...requests, '## Commands', COMMANDS, ...commands].join('\n\n')}\n`;
}

const HEAD = `# Errors

Made from the code by \`pnpm docs:write\`. Decide by \`code\`: it stays; titles and details are for people and may change.`;

const REQUESTS = `A request that is refused is answered with a problem document (RFC 9457, \`application/problem+json\`): \`type\`, \`title\`,
\`status\`, \`detail\`, \`code\` and, for content faults, \`errors: [{ path, message }]\` with JSON pointers. Nothing was written,
and the Idempotency-Key is not used up. The number behind a code is the HTTP status.`;

const COMMANDS = `A command that was accepted and did not succeed has a \`problem\` with \`code\`, \`detail\` and, where Conomy spoke,
\`provider: { status, code, type, traceId }\`. The word behind a code is the status of the command; a \`parked\` one waits for
a person: \`POST /v1/commands/{id}/redrive\` puts it back, and Conomy is read before anything is sent;
\`POST /v1/commands/{id}/conclude\` ends it by one of the outcomes named with each, as far as its attempts allow.`;

function conclusions(outcomes: readonly string[]): string[] {
  return outcomes.length === 0
    ? []
    : [`- **Concluded by:** ${outcomes.map((outcome) => `\`${outcome}\``).join(', ')}`];
}

interface Explanation {
  title: string;
  cause: string;
  fix: string;
}

function section(code: string, mark: string, { title, cause, fix }: Explanation): string {
  return `### \`${code}\` (${mark})\n\n${title}.\n\n- **Cause:** ${cause}\n- **Fix:** ${fix}`;
}
