import type { ProviderFailure } from '../payment-provider.ts';
import { reasonOfAbort, waitUnlessAborted } from './deadline.ts';

/** A bearer token; a higher generation was had later. */
export interface Token {
  value: string;
  generation: number;
}

export type TokenResult = { ok: true; token: Token } | { ok: false; failure: ProviderFailure };

/** Asks the provider for a token once; `failure` has the stage `not_sent`. */
export type FetchToken = () => Promise<
  { ok: true; accessToken: string; expiresInSeconds?: number } | { ok: false; failure: ProviderFailure }
>;

export type RenewedToken =
  | { ok: true; token: Token; livesMs: number }
  | { ok: false; failure: ProviderFailure };

/** Where the newest token is kept, for one process or for many. */
export interface TokenVault {
  /**
   * A token of a later generation than `known` (0: any): one that somebody else had meanwhile, or else one that `fetch`
   * brings. Never fetches twice at once. Never rejects.
   */
  renew(known: number, fetch: FetchToken): Promise<RenewedToken>;
}

export interface TokenSource {
  /** A token that is valid as far as we know. */
  current(signal: AbortSignal): Promise<TokenResult>;
  /** A token later than the one a call was refused with; one renewal serves every call refused with it. */
  renewed(refused: Token, signal: AbortSignal): Promise<TokenResult>;
}

interface HeldToken {
  token: Token;
  renewAtMs: number;
  expiresAtMs: number;
}

/** Taken when the provider does not say how long a token lives; its samples say 3600. */
const LIFETIME_MS_UNSAID = 300_000;
const RENEW_AHEAD_MS = 30_000;

/** How long a token lives that was fetched just now, in milliseconds. */
export function lifetimeOf({ expiresInSeconds }: { expiresInSeconds?: number }): number {
  return expiresInSeconds ? expiresInSeconds * 1_000 : LIFETIME_MS_UNSAID;
}

/** A vault nobody else looks into. */
export function privateVault(): TokenVault {
  let generation = 0;
  return {
    renew: async (_known, fetch) => {
      const fetched = await fetch();
      if (!fetched.ok) return fetched;
      generation += 1;
      return { ok: true, token: { value: fetched.accessToken, generation }, livesMs: lifetimeOf(fetched) };
    },
  };
}

/**
 * Keeps one token for this process. It is renewed in the background at 80 % of its life and at least 30 s
 * before its end (a token living less than a minute: at half its life), so that calls wait only for the
 * first token and after a refusal. A failed renewal ahead of time harms nothing while the old token lives.
 */
export function createTokenSource(
  fetchToken: FetchToken,
  clock: { now(): number },
  vault: TokenVault,
): TokenSource {
  let held: HeldToken | undefined;
  /** The newest generation this process had, also when it was refused with it. */
  let known = 0;
  let flight: Promise<TokenResult> | undefined;

  async function renewAndHold(): Promise<TokenResult> {
    const askedAtMs = clock.now();
    const renewed = await vault.renew(known, fetchToken);
    if (!renewed.ok) return renewed;
    const { token, livesMs } = renewed;
    known = token.generation;
    held = { token, renewAtMs: askedAtMs + renewAfterMs(livesMs), expiresAtMs: askedAtMs + livesMs };
    return { ok: true, token };
  }

  function renew(): Promise<TokenResult> {
    flight ??= renewAndHold().finally(() => {
      flight = undefined;
    });
    return flight;
  }

  async function waitForRenewal(signal: AbortSignal): Promise<TokenResult> {
    const result = await waitUnlessAborted(renew(), signal);
    if (result !== 'gave_up') return result;
    return { ok: false, failure: { stage: 'not_sent', reason: reasonOfAbort(signal) } };
  }

  return {
    async current(signal) {
      const nowMs = clock.now();
      if (!held || nowMs >= held.expiresAtMs) return waitForRenewal(signal);
      if (nowMs >= held.renewAtMs) void renew();
      return { ok: true, token: held.token };
    },
    async renewed(refused, signal) {
      if (held && held.token.generation > refused.generation) return { ok: true, token: held.token };
      held = undefined;
      return waitForRenewal(signal);
    },
  };
}

function renewAfterMs(lifetimeMs: number): number {
  const ahead = Math.min(lifetimeMs * 0.8, lifetimeMs - RENEW_AHEAD_MS);
  return Math.max(ahead, lifetimeMs / 2);
}
