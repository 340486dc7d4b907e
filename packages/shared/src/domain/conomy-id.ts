import { z } from 'zod';

const CONOMY_ID = /^(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,128}$/;

export const CONOMY_ID_RULE = 'must be a Conomy id: 1 to 128 letters, digits and ._~:-, not . or ..';

/**
 * Whether a text can be the id of something at Conomy. What is in no id that it gives could lead a URL to another of its
 * routes, so it is kept out of rows and URLs alike, whoever says it.
 */
export function isConomyId(text: string): boolean {
  return CONOMY_ID.test(text);
}

/** An id of Conomy's in what a caller or an operator sends. */
export const conomyId = z.string(CONOMY_ID_RULE).regex(CONOMY_ID, CONOMY_ID_RULE);
