import { ANSWER_FAULTS } from './fault-kinds/answer-faults.ts';
import type { FaultBehaviour } from './fault-kinds/behaviour.ts';
import { DELIVERY_FAULTS } from './fault-kinds/delivery-faults.ts';
import { LIST_FAULTS } from './fault-kinds/list-faults.ts';
import { MAKING_FAULTS } from './fault-kinds/making-faults.ts';
import { REFUND_FAULTS } from './fault-kinds/refund-faults.ts';
import { STRANGER_FAULTS } from './fault-kinds/stranger-faults.ts';
import { TELLING_FAULTS } from './fault-kinds/telling-faults.ts';
import { WIRE_FAULTS } from './fault-kinds/wire-faults.ts';
import type { OperationName } from './operations/operation.ts';

/** Every fault by its name, grouped by what it does something to. */
export const FAULTS_BY_CLASS = {
  wire: WIRE_FAULTS,
  answers: ANSWER_FAULTS,
  telling: TELLING_FAULTS,
  strangers: STRANGER_FAULTS,
  making: MAKING_FAULTS,
  lists: LIST_FAULTS,
  refunds: REFUND_FAULTS,
  deliveries: DELIVERY_FAULTS,
};

const FAULTS = {
  ...WIRE_FAULTS,
  ...ANSWER_FAULTS,
  ...TELLING_FAULTS,
  ...STRANGER_FAULTS,
  ...MAKING_FAULTS,
  ...LIST_FAULTS,
  ...REFUND_FAULTS,
  ...DELIVERY_FAULTS,
};

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as [FaultName, ...FaultName[]];

export function behaviourOf(fault: FaultName): FaultBehaviour {
  return FAULTS[fault];
}

/** Whether a rule of this target can ever fire; `*` stands for every operation and for the webhooks. */
export function canMeet(fault: FaultName, target: OperationName | 'webhook' | '*'): boolean {
  const behaviour = behaviourOf(fault);
  if (target === '*') return true;
  if (target === 'webhook' || behaviour.site === 'delivery')
    return target === 'webhook' && behaviour.site === 'delivery';
  return behaviour.operations?.includes(target) ?? true;
}
