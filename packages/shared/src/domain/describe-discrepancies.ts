import { DISCREPANCIES, DISCREPANCY_STATUSES } from './discrepancies.ts';
import { code, table } from './markdown.ts';

/** The page docs/discrepancies.md: every kind, how it comes about and what a person does. */
export function describeDiscrepancies(): string {
  const kinds = Object.entries(DISCREPANCIES).map(
    ([kind, { repair, title, cause, fix }]) =>
      `### ${code(kind)}\n\n${title}.\n\n- **Cause:** ${cause}\n- **What to do:** ${fix}\n- **Repair:** ${REPAIRS[repair ?? 'none']}`,
  );
  const ends = table(
    ['State', 'Means'],
    Object.entries(DISCREPANCY_STATUSES).map(([status, meaning]) => [code(status), meaning]),
  );
  return `${[HEAD, ends, ENDING, '## Kinds', ...kinds].join('\n\n')}\n`;
}

const HEAD = `# Discrepancies

Made from the code by \`pnpm docs:write\` (\`packages/shared/src/domain/discrepancies.ts\`). A discrepancy is a disagreement between the
mirror and Conomy that was found by a read or a comparison. It holds what both sides said and when each was read, counts how often it
was found again, and has one end.`;

const ENDING = `\`GET /v1/discrepancies?status=open\` lists them, oldest first; \`capstan_open_discrepancies\` and
\`capstan_open_discrepancies_oldest_seconds\` in the reconcilers' metrics count them by kind: alert on both. A person ends one with
\`POST /v1/discrepancies/{id}/resolve\` and \`{"action": "repair" | "accept" | "explain", "reason": "…"}\`. A repair reads at Conomy
first, and is refused with \`not_resolvable\` while both sides still disagree.`;

const REPAIRS = {
  take_status: 'a new read, whose status the mirror takes, out of a final state too.',
  read: 'a new read; the discrepancy ends when both sides agree after it.',
  adopt: 'the payment is read and mirrored from then on.',
  none: 'none; accept it or explain it.',
} as const;
