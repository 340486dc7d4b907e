import type { CommandFact, EventFact, MoveFact } from './facts.ts';

/** What upstream was not told, or not in its order: numbers of events, moves of mirrors, ends of commands. */
export function findUntold(
  moves: readonly Pick<MoveFact, 'paymentKey' | 'version'>[],
  commands: readonly Pick<CommandFact, 'id' | 'status'>[],
  events: readonly EventFact[],
): string[] {
  const made = Map.groupBy(moves, ({ paymentKey }) => paymentKey);
  const told = Map.groupBy(events, ({ paymentKey }) => paymentKey);
  const ofPayments = [...new Set([...made.keys(), ...told.keys()])].flatMap((key) => {
    const numbers = (told.get(key) ?? []).map(({ sequence }) => sequence).join(', ');
    const whole = (told.get(key) ?? []).map((_, nth) => nth + 1).join(', ');
    const versions = (made.get(key) ?? []).map(({ version }) => version).join(', ');
    const toldVersions = (told.get(key) ?? []).flatMap(({ version }) => version ?? []).join(', ');
    return [
      ...(numbers === whole ? [] : [`${key} has the events ${numbers}`]),
      ...(versions === toldVersions ? [] : [`${key} moved to ${versions}, told was ${toldVersions}`]),
    ];
  });
  const lastTold = new Map(events.map(({ commandId, type }) => [commandId, type]));
  const ofCommands = commands
    .filter(({ status }) => TOLD.has(status))
    .filter(({ id, status }) => lastTold.get(id) !== `command.${status}`)
    .map(({ id, status }) => `${id} is ${status}, told was ${lastTold.get(id) ?? 'nothing'}`);
  return [...ofPayments, ...ofCommands];
}

const TOLD: ReadonlySet<string> = new Set(['succeeded', 'rejected', 'canceled', 'parked']);
