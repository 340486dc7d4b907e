import { isEnded } from '@capstan/shared/domain/command-status';
import { isParked } from './facts.ts';
import type { Invariant } from './invariant.ts';
import { endOf, findImpossibleEnds } from './possible-ends.ts';

/** What callers may rely on: commands are there, end, and end as they were told. */
export const COMMAND_INVARIANTS: readonly Invariant[] = [
  {
    statement: 'accepted commands are there, each under the one id its key was answered with',
    check: ({ sent, commands }) => {
      const byKey = new Map(commands.map((command) => [command.key, command]));
      const accepted = sent.filter(({ commandIds }) => commandIds.size > 0);
      const breaches = accepted.flatMap(({ intended, commandIds }) => {
        const found = byKey.get(intended.key);
        if (!found) return [`${intended.key} was accepted and is lost`];
        return commandIds.size === 1 && commandIds.has(found.id)
          ? []
          : [`${intended.key} was answered with ${[...commandIds].join(', ')} and is ${found.id}`];
      });
      return { count: accepted.length, breaches };
    },
  },
  {
    statement: 'commands ended, are parked with a reason, or wait behind one that is',
    check: ({ commands }) => {
      const parked = new Set(commands.filter(isParked).map(({ paymentKey }) => paymentKey));
      const breaches = commands
        .filter(({ status, paymentKey, problem }) => {
          if (status === 'parked') return problem === null;
          if (status === 'blocked') return !parked.has(paymentKey);
          return !isEnded(status as Parameters<typeof isEnded>[0]);
        })
        .map((command) => `${command.key} is ${command.status}`);
      return { count: commands.length, breaches };
    },
  },
  {
    statement: 'commands ended in a way that was possible for them',
    check: ({ intents, commands }) => ({
      count: commands.length,
      breaches: findImpossibleEnds(intents, commands),
    }),
  },
  {
    statement: 'commands are canceled by their caller where that was told, and nowhere else',
    check: ({ sent, commands }) => {
      const asked = sent.filter(({ cancel }) => cancel !== null);
      const told = new Set(
        asked.filter(({ cancel }) => cancel === 'canceled').map(({ intended }) => intended.key),
      );
      const breaches = commands
        .filter((command) => told.has(command.key) !== (endOf(command) === 'canceled:canceled_by_caller'))
        .map(
          (command) =>
            `${command.key} ended ${endOf(command)}, ${told.has(command.key) ? '' : 'not '}canceled by its caller`,
        );
      return { count: asked.length, breaches };
    },
  },
];
