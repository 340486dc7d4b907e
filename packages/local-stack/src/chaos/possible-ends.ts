import type { Intent } from './intents.ts';

/** How a command of the workload stands at the end. */
export interface EndedCommand {
  key: string;
  type: string;
  status: string;
  /** The code of its problem. */
  problem: string | null;
}

/** The status of a command, and after a colon the code of its problem. */
export function endOf({ status, problem }: Pick<EndedCommand, 'status' | 'problem'>): string {
  return problem === null ? status : `${status}:${problem}`;
}

/** The commands that ended as nobody who knows the workload can expect. `besides`: ends that any command may meet. */
export function findImpossibleEnds(
  intents: readonly Intent[],
  commands: readonly EndedCommand[],
  besides: readonly string[] = [],
): string[] {
  const known = new Map(
    intents.flatMap((intent) =>
      intent.commands.map((intended) => [intended.key, { intent, intended }] as const),
    ),
  );
  const succeeded = new Set(commands.filter(({ status }) => status === 'succeeded').map(({ key }) => key));
  return commands.flatMap((command) => {
    const found = known.get(command.key);
    const end = endOf(command);
    const isPossible = found?.intended.ends.includes(end) || besides.includes(end);
    if (!found || !isPossible) return [`${command.key} (${command.type}) ended ${end}`];
    const others = found.intent.commands.filter(
      ({ key, command: { type } }) => key !== command.key && type === command.type && succeeded.has(key),
    );
    const exceeds = found.intended.fitsOnlyAlone && command.status === 'succeeded' && others.length > 0;
    return exceeds
      ? [`${command.key} (${command.type}) succeeded beside ${others.map(({ key }) => key).join(', ')}`]
      : [];
  });
}
