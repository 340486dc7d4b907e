import type { Posting } from './account-book.ts';

/**
 * Splits `minor` over the postings in proportion to theirs; what does not divide goes to the last. Without
 * postings there is nothing to split: the money is outside the accounts.
 */
export function allocate(minor: bigint, postings: readonly Posting[]): Posting[] {
  const whole = postings.reduce((sum, posting) => sum + posting.minor, 0n);
  let left = minor;
  return postings.map(({ accountNumber, minor: weight }, index) => {
    const share = index === postings.length - 1 || whole === 0n ? left : (minor * weight) / whole;
    left -= share;
    return { accountNumber, minor: share };
  });
}
