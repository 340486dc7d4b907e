/** What a command asks for, as far as its effects depend on it. */
export interface Asks {
  type: string;
  /** Whether the money is to be taken, by this command itself. */
  captures: boolean;
  authorizes: boolean;
  /** Of a refund, in minor units with its currency. */
  amount: string | null;
  /** Epoch milliseconds; nothing of it may begin later. */
  notAfterMs: number | null;
}

/** What was done to or told of one payment, as a client or the provider's ledger saw it. */
export type Act =
  /** A client hands a command in; `told`: the command's id, the code of a refusal, or nothing. */
  | { kind: 'send'; key: string; asks: Asks; told: { id: string } | { refused: string } | null }
  /** A client asks how its command stands; null: nobody knows it. */
  | { kind: 'look'; key: string; told: string | null }
  | { kind: 'cancel'; key: string; told: 'canceled' | 'too_late' | null }
  /** A client asks how the payment stands. */
  | { kind: 'see'; told: string }
  /** Something came to be at the provider. `own`: asked for here; `asAsked`: and made as it was asked for. */
  | {
      kind: 'effect';
      effect: 'create' | 'attempt' | 'authorize' | 'capture' | 'refund';
      paymentId: string;
      amount: string | null;
      own: boolean;
      asAsked: boolean;
    }
  /** The payment entered a status at the provider. */
  | { kind: 'move'; status: string };

/** An act and the span within which it took place; without an end nobody knows whether it did. */
export interface Operation {
  fromMs: number;
  untilMs: number | null;
  act: Act;
}

/** All that is known of one payment, in order of beginning. */
export interface PaymentHistory {
  externalId: string;
  operations: readonly Operation[];
}
