import { CALLER_OPERATIONS } from './caller-operations.ts';
import type { ReferenceOperation } from './operation.ts';
import { OPERATOR_OPERATIONS } from './operator-operations.ts';

/** Every route of the api as the reference tells it. A route that is missing here stops the start. */
export const OPERATIONS: readonly ReferenceOperation[] = [...CALLER_OPERATIONS, ...OPERATOR_OPERATIONS];
