import type { OpenScanRequest } from '@capstan/shared/db/scans';
import { compareWithCreate } from '@capstan/shared/domain/bound-means-equal';
import {
  externalIdForms,
  mayBeSameExternalId,
  PREFIX_CHARACTERS_MIN,
} from '@capstan/shared/domain/external-id';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';

/** Of rows that only may be ours so many are kept; where there are as many, others may have been passed over. */
export const LOOK_ALIKES_MAX = 20;

/** Picks from the rows of a list those that each request may look for, and keeps no other. */
export function wantedRows(requests: readonly OpenScanRequest[]): {
  show(row: ObservedPayment): void;
  found: ReadonlyMap<number, readonly ObservedPayment[]>;
} {
  // Ids that may be the same have a form each that begins alike.
  const asking = new Map<string, Set<OpenScanRequest>>();
  for (const request of requests) {
    for (const form of externalIdForms(request.externalId)) {
      const beginning = beginningOf(form);
      asking.set(beginning, (asking.get(beginning) ?? new Set()).add(request));
    }
  }
  const nearTo = (externalId: string | undefined): Iterable<OpenScanRequest> =>
    externalId === undefined
      ? requests
      : new Set(externalIdForms(externalId).flatMap((form) => [...(asking.get(beginningOf(form)) ?? [])]));
  const found = new Map<number, ObservedPayment[]>();
  return {
    found,
    show: (row) => {
      const { id, externalId } = row;
      for (const request of nearTo(externalId)) {
        if (!mayBeTheOne(request, row)) continue;
        const rows = found.get(request.id) ?? [];
        found.set(request.id, rows);
        const isExact = externalId === request.externalId;
        if (rows.some((known) => known.id === id) || (!isExact && rows.length >= LOOK_ALIKES_MAX)) continue;
        rows.push(row);
      }
    },
  };
}

/** What not even a whole read names may be anybody's whose payment is like it. */
function mayBeTheOne({ externalId, asked }: OpenScanRequest, row: ObservedPayment): boolean {
  if (row.externalId !== undefined) return mayBeSameExternalId(externalId, row.externalId);
  return compareWithCreate(asked, row).verdict !== 'contradicts';
}

function beginningOf(form: string): string {
  return form.slice(0, PREFIX_CHARACTERS_MIN);
}
