import type { Registry } from '@prometheus-io/client';
import { countAnnouncedMoves } from '../db/deliveries.ts';
import { countOpenDiscrepancies } from '../db/discrepancies.ts';
import { countDrift } from '../db/drift.ts';
import { countSetAside } from '../db/item-faults.ts';
import type { Pool } from '../db/pool.ts';
import { countPendingPushes } from '../db/pushes.ts';
import { countUnfinished } from '../db/unfinished.ts';
import { measureBacklog } from './backlog.ts';
import type { Logger } from './logger.ts';

/** How many commands have not ended and how long the oldest has waited. */
export function measureUnfinishedCommands(registry: Registry, pool: Pool, log: Logger): void {
  const gauges = {
    name: 'capstan_unfinished_commands',
    label: 'status',
    help: 'Commands that have not ended, by status.',
    oldestHelp:
      'Age of the oldest of them: an unresolved one since its call ended, any other since it was accepted.',
    ask: () => countUnfinished(pool),
  };
  measureBacklog(registry, gauges, log);
}

/** How many discrepancies are open and how long the oldest has been. */
export function measureOpenDiscrepancies(registry: Registry, pool: Pool, log: Logger): void {
  const gauges = {
    name: 'capstan_open_discrepancies',
    label: 'kind',
    help: 'Disagreements between the mirror and Conomy that nothing has ended, by kind.',
    oldestHelp: 'Age of the oldest of them.',
    ask: () => countOpenDiscrepancies(pool),
  };
  measureBacklog(registry, gauges, log);
}

/** How many payments wait to have their next event taken by upstream, and how long the oldest of these events has waited. */
export function measurePendingPushes(registry: Registry, pool: Pool, log: Logger): void {
  const gauges = {
    name: 'capstan_pending_pushes',
    label: 'state',
    help: 'Payments whose next event upstream has not taken: waiting, retrying, or disabled as a whole; without_event: due although there is none.',
    oldestHelp: 'Age of the oldest event among them.',
    ask: () => countPendingPushes(pool),
  };
  measureBacklog(registry, gauges, log);
}

/** What could not be applied at any of its tries. */
export function measureSetAside(registry: Registry, pool: Pool, log: Logger): void {
  const gauges = {
    name: 'capstan_set_aside',
    label: 'kind',
    help: 'Deliveries, and payments whose reads or pushes, that failed by themselves at every try: a person has to look.',
    oldestHelp:
      'Since the first of them was set aside, of a read since the payment was last heard of, of a push since its event.',
    ask: () => countSetAside(pool),
  };
  measureBacklog(registry, gauges, log);
}

/** In how many ways Conomy has left its documents, and how long ago it first did. */
export function measureDrift(registry: Registry, pool: Pool, log: Logger): void {
  const gauges = {
    name: 'capstan_contract_drift',
    label: 'kind',
    help: 'Different things Conomy said that its documents do not, by kind; the table drift names them.',
    oldestHelp: 'Since the first of them was seen.',
    ask: () => countDrift(pool),
  };
  measureBacklog(registry, gauges, log);
}

/** Whether webhooks arrive: of how many moves that Conomy announces a delivery told. */
export function measureAnnouncedMoves(registry: Registry, pool: Pool, log: Logger): void {
  const gauges = {
    name: 'capstan_announced_moves',
    label: 'delivery',
    help: 'Moves of an hour, older than ten minutes, that Conomy announces by webhook: told of by a delivery, or missing one.',
    oldestHelp: 'Age of the oldest of them.',
    ask: () => countAnnouncedMoves(pool),
  };
  measureBacklog(registry, gauges, log);
}
