/** What is scanned: the account's payments of one type, or its payment attempts. */
export interface ScanLane {
  operation: 'create' | 'create_attempt';
  accountNumber: string;
  type: string;
  /**
   * `first`: newest first as far as the first attempt: it may find and never rules out. Else the whole list, oldest first;
   * one that an `operator` waits for however long it is.
   */
  look: 'first' | 'whole' | 'operator';
}

/** By which a lane is known to all who scan it, and to all who wait for it. */
export function nameOfLane({ operation, accountNumber, type, look }: ScanLane): string {
  return `${look} ${operation} ${accountNumber} ${type}`;
}
