/** A shorter beginning is shared by too many ids to mean anything. */
export const PREFIX_CHARACTERS_MIN = 8;

/**
 * Whether a payment listed with one externalId may be the one that we asked for with another: Conomy promises nowhere to
 * keep an externalId as it was sent, and may trim it, normalise it or cut its end. An equal one may be as well.
 */
export function mayBeSameExternalId(asked: string, listed: string): boolean {
  const forms = externalIdForms(listed);
  return externalIdForms(asked).some((whole) =>
    forms.some((form) => form === whole || isCutFrom(whole, form)),
  );
}

/** A character that is one in NFC may have been cut in two before. */
export function externalIdForms(externalId: string): string[] {
  const trimmed = externalId.trim();
  return [trimmed, trimmed.normalize('NFC')];
}

function isCutFrom(whole: string, form: string): boolean {
  return whole.startsWith(form) && [...form].length >= PREFIX_CHARACTERS_MIN;
}
