/** A refund of a payment, as far as its place in the order of refunds tells. */
export interface OrderedChild {
  number: number;
  /** By Conomy's clock, where Conomy told. */
  createdAt: Date | null;
}

/** What a refund attempt noted of the refunds that were there when it began. */
export interface RefundsBefore {
  /** The number its payment had reached when it began; null when that was not noted. */
  refundsBefore: number | null;
  /** When Conomy wrote the list of refunds before it; null when it did not say. */
  refundsListedAt: Date | null;
}

/** Linked before the attempt began, or made before Conomy wrote the list that was read before it. */
export function wasThereBefore({ number, createdAt }: OrderedChild, attempt: RefundsBefore): boolean {
  if (attempt.refundsBefore !== null && number <= attempt.refundsBefore) return true;
  return createdAt !== null && attempt.refundsListedAt !== null && createdAt < attempt.refundsListedAt;
}
