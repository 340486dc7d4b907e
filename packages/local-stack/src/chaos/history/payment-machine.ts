import { isDocumentedStatus } from '@capstan/conomy-sandbox/payment';
import { isEnded } from '@capstan/shared/domain/command-status';
import type { Act, Asks, Operation } from './operation.ts';

/** How one command stands for somebody who knows only what was told and done. */
interface CommandState {
  /** Null while no client was told it. */
  id: string | null;
  asks: Asks;
  /** The end that was told; null: it may still have effects. */
  end: string | null;
  /** Its capture or refund: not yet, made as asked, or made otherwise. */
  effect: 'none' | 'made' | 'other';
}

export interface PaymentState {
  commands: Readonly<Record<string, CommandState>>;
  /** Payments that our creates made, by id; false when not as asked for. */
  created: Readonly<Record<string, boolean>>;
  attempted: boolean;
  authorized: boolean;
  captured: boolean;
  /** Every status it has had. */
  statuses: readonly string[];
}

export const NOTHING_YET: PaymentState = {
  commands: {},
  created: {},
  attempted: false,
  authorized: false,
  captured: false,
  statuses: [],
};

/** A call that was dispatched in time arrives within this. */
const DISPATCH_MS_MAX = 3_000;

/**
 * The payment as a small machine: in which states it may be after an act that took place in this one. None when the act
 * cannot have taken place, more than one when it may belong to either of two commands.
 */
export function statesAfter(state: PaymentState, { act, fromMs }: Operation): PaymentState[] {
  switch (act.kind) {
    case 'send':
      return afterSend(state, act);
    case 'look':
      return act.told === null ? [] : afterTold(state, act.key, act.told);
    case 'cancel':
      return act.told === 'too_late' ? [state] : afterTold(state, act.key, 'canceled');
    case 'see':
      // A status that no document knows is the provider's word, and a mirror repeats it.
      return state.statuses.includes(act.told) || !isDocumentedStatus(act.told) ? [state] : [];
    case 'move':
      return [{ ...state, statuses: [...new Set([...state.statuses, act.status])].sort() }];
    case 'effect':
      return act.own ? afterOwnEffect(state, act, fromMs) : afterEffectOfOthers(state, act);
  }
}

function afterSend(state: PaymentState, { key, asks, told }: Extract<Act, { kind: 'send' }>): PaymentState[] {
  if (told !== null && 'refused' in told) return [state];
  const known = state.commands[key];
  const id = told === null ? (known?.id ?? null) : told.id;
  // One key is one command, whoever answers.
  if (known !== undefined && known.id !== null && known.id !== id) return [];
  return [withCommand(state, key, { asks, end: null, effect: 'none', ...known, id })];
}

function afterTold(state: PaymentState, key: string, status: string): PaymentState[] {
  const command = state.commands[key];
  if (command === undefined) return [];
  if (command.end !== null) return command.end === status ? [state] : [];
  if (!isEnded(status as Parameters<typeof isEnded>[0])) return [state];
  const isSo = status === 'succeeded' ? isDone(state, command) : command.effect === 'none';
  return isSo ? [withCommand(state, key, { ...command, end: status })] : [];
}

/** Whether everything that the command asks for has come to be. */
function isDone(state: PaymentState, { asks, effect }: CommandState): boolean {
  if (asks.type === 'payment-attempt.create') return state.attempted;
  if (asks.type === 'payment.create' && Object.keys(state.created).length === 0) return false;
  if (asks.captures || asks.type === 'payment.refund') return effect === 'made';
  return !asks.authorizes || state.authorized || state.captured;
}

function afterOwnEffect(
  state: PaymentState,
  act: Extract<Act, { kind: 'effect' }>,
  atMs: number,
): PaymentState[] {
  const open = Object.entries(state.commands).filter(
    ([, { end, asks }]) =>
      end === null && atMs <= (asks.notAfterMs ?? Number.POSITIVE_INFINITY) + DISPATCH_MS_MAX,
  );
  const asking = (isAsked: (asks: Asks) => boolean) => open.filter(([, { asks }]) => isAsked(asks));
  switch (act.effect) {
    case 'create':
      return asking(({ type }) => type === 'payment.create').length === 0
        ? []
        : [{ ...state, created: { ...state.created, [act.paymentId]: act.asAsked } }];
    case 'attempt':
      return asking(({ type }) => type === 'payment-attempt.create').length === 0
        ? []
        : [{ ...state, attempted: true }];
    case 'authorize':
      return asking(({ authorizes }) => authorizes).length === 0 || state.created[act.paymentId] !== true
        ? []
        : [{ ...state, authorized: true }];
    case 'capture': {
      // Once, of a payment that is what was asked for.
      if (state.captured || state.created[act.paymentId] !== true) return [];
      return taken(
        asking(({ captures }) => captures),
        'made',
        { ...state, captured: true },
      );
    }
    case 'refund': {
      const refunds = asking(({ type }) => type === 'payment.refund');
      return act.asAsked
        ? taken(
            refunds.filter(([, { asks }]) => asks.amount === act.amount),
            'made',
            state,
          )
        : taken(refunds, 'other', state);
    }
  }
}

/** What others gave back may have been taken for the refund of a command that was under way; who reads cannot tell. */
function afterEffectOfOthers(
  state: PaymentState,
  { effect, amount }: Extract<Act, { kind: 'effect' }>,
): PaymentState[] {
  if (effect === 'create') return [state];
  // What others made is not for us to authorize or to capture.
  if (effect !== 'refund') return [];
  const alike = Object.entries(state.commands).filter(
    ([, { end, asks }]) => end === null && asks.type === 'payment.refund' && asks.amount === amount,
  );
  return [state, ...taken(alike, 'made', state)];
}

/** The effect belongs to one of these commands that has none yet: each is possible. */
function taken(
  commands: readonly (readonly [string, CommandState])[],
  effect: 'made' | 'other',
  state: PaymentState,
): PaymentState[] {
  return commands
    .filter(([, command]) => command.effect === 'none')
    .map(([key, command]) => withCommand(state, key, { ...command, effect }));
}

function withCommand(state: PaymentState, key: string, command: CommandState): PaymentState {
  return { ...state, commands: { ...state.commands, [key]: command } };
}
