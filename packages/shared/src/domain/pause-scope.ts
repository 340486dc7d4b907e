/** What a pause covers. `type` is a command type or Conomy's payment type, `payment` our key of a payment. */
export type PauseScope = { kind: 'all' } | { kind: 'operation' | 'type' | 'payment'; value: string };

/** A write that is about to begin, as far as pauses look at it. */
export interface PausableWrite {
  operation: string;
  commandType: string;
  /** Null while it is not known. */
  paymentType: string | null;
  paymentKey: string;
}

export function isCovered(scope: PauseScope, write: PausableWrite): boolean {
  switch (scope.kind) {
    case 'all':
      return true;
    case 'operation':
      return scope.value === write.operation;
    case 'type':
      return scope.value === write.commandType || scope.value === write.paymentType;
    case 'payment':
      return scope.value === write.paymentKey;
  }
}
