import { parseContent } from '@capstan/shared/domain/problem';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Verdict } from '../accept-commands.ts';
import { type CommandAnswer, toCommandAnswer } from '../answers/command-answer.ts';
import type { CommandIntake } from '../command-intake.ts';
import { invalidContent, type Problem, RefusedError, toProblem } from '../problem.ts';
import { COMMAND_BYTES_MAX, readCommand, readKeyedCommand } from '../read-command.ts';
import { readKeyHeader } from '../read-idempotency-key.ts';
import { headerLines } from '../refuse-doubled-headers.ts';

const BATCH_BYTES_MAX = 4 * 1024 * 1024;
const BATCH_ITEMS_MAX = 1_000;

const batchBody = z.strictObject({
  commands: z
    .array(z.unknown(), 'must be a list of commands')
    .min(1, 'must hold at least one command')
    .max(BATCH_ITEMS_MAX, `must hold at most ${BATCH_ITEMS_MAX} commands`),
});

interface BatchResult {
  status: number;
  command?: CommandAnswer;
  problem?: Problem;
}

/** The two doors for commands: one at a time, and a list of independent answers. */
export function addPostCommandRoutes(app: FastifyInstance, intake: CommandIntake): void {
  app.post(
    '/commands',
    { bodyLimit: COMMAND_BYTES_MAX, config: { scope: 'enqueue' } },
    async (request, reply) => {
      const key = readKeyHeader(headerLines(request, 'idempotency-key'));
      const read = readCommand(request.body, key, request.apiKeyName);
      if (!read.ok) throw new RefusedError(read.refusal);
      const verdict = await intake.acceptOne(read.item);
      if (verdict.kind === 'refused') throw new RefusedError(verdict.refusal);
      if (verdict.replayed) reply.header('idempotency-replayed', 'true');
      const command = toCommandAnswer(verdict.view);
      return reply.code(202).header('location', `/v1/commands/${command.id}`).send({ command });
    },
  );

  app.post(
    '/commands/batch',
    { bodyLimit: BATCH_BYTES_MAX, config: { scope: 'enqueue' } },
    async (request) => {
      const body = parseContent(batchBody, request.body);
      if (!body.ok) throw new RefusedError(invalidContent(body.faults));
      return { results: await acceptBatch(intake, body.value.commands, request.apiKeyName) };
    },
  );
}

async function acceptBatch(
  intake: CommandIntake,
  contents: readonly unknown[],
  acceptedBy: string,
): Promise<BatchResult[]> {
  const reads = contents.map((content, index) => readKeyedCommand(content, acceptedBy, ['commands', index]));
  const verdicts = await intake.acceptList(reads.flatMap((read) => (read.ok ? [read.item] : [])));
  const inOrder = verdicts.values();
  return reads.map((read, index) => {
    const verdict: Verdict | undefined = read.ok
      ? inOrder.next().value
      : { kind: 'refused', refusal: read.refusal };
    if (!verdict) throw new Error(`item ${index} of the batch got no verdict`);
    return toBatchResult(verdict, read.ok ? `/commands/${index}` : '');
  });
}

/** Faults found while accepting know only their command; `base` is where it stands in the body. */
function toBatchResult(verdict: Verdict, base: string): BatchResult {
  if (verdict.kind === 'accepted') return { status: 202, command: toCommandAnswer(verdict.view) };
  const { errors, ...refusal } = verdict.refusal;
  const placed = errors?.map(({ path, message }) => ({ path: `${base}${path}`, message }));
  const problem = toProblem({ ...refusal, ...(placed ? { errors: placed } : {}) });
  return { status: problem.status, problem };
}
