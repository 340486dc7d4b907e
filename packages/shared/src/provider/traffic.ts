import type { ProviderFailure } from './payment-provider.ts';

/** A call as far as those who watch over all calls need to know it. */
export interface WatchedCall {
  kind: 'read' | 'write';
  /** Names the payment it is about, ours or the provider's way; null when it is about none. */
  payment: string | null;
}

/** Regulates the calls of all processes together; the client asks and tells it. */
export interface Traffic {
  /** Resolves when a read may leave: null, or the failure it has because its turn does not come in time. */
  awaitReadTurn(signal: AbortSignal): Promise<ProviderFailure | null>;
  /** A call has ended; null when it was answered as hoped. Never throws and is not waited for. */
  ended(call: WatchedCall, failure: ProviderFailure | null): void;
}

/** For a client that is alone: nothing is counted and nothing waits. */
export const UNREGULATED: Traffic = { awaitReadTurn: async () => null, ended: () => {} };
