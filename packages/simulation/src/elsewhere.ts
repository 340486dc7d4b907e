import { ConomyError } from '@capstan/conomy-sandbox/errors';
import type { Payment } from '@capstan/conomy-sandbox/payment';
import type { Sandbox } from '@capstan/conomy-sandbox/sandbox';
import type { Intent } from '@capstan/local-stack/chaos/intents';
import type { Impoliteness } from './impoliteness.ts';
import type { Origins } from './origins.ts';
import type { Begun } from './simulated-exchange.ts';

/** The life that others lead on our payments: refunds made at a dashboard, seen late or without their parent. */
export interface Elsewhere {
  /** Told of each move of a payment. */
  onMove(payment: Payment): void;
  /** Whether lists and webhooks keep silent about this refund for now. */
  isHidden(id: string): boolean;
  /** Whether what is told of this refund names no parent. */
  isOrphan(id: string): boolean;
  /** Whether the refund of ours that now leaves is lost on its way, and the one like it appears. */
  swallows(parentId: string, amount: string): boolean;
}

const SHOWN_AFTER_MS = { min: 6_000, max: 30_000 };

export function createElsewhere(parts: {
  sandbox: Sandbox;
  origins: Origins;
  mood: Impoliteness;
  intents: readonly Intent[];
  begun: () => readonly Begun[];
  now: () => number;
  later: (atMs: number, run: () => void) => void;
}): Elsewhere {
  const { sandbox, origins, mood, intents, begun, now, later } = parts;
  const { random } = mood;
  const hiddenUntilMs = new Map<string, number>();
  const orphans = new Set<string>();
  /** Made by others with the amount of a refund of ours that is still to come. */
  const alike = new Map<string, Payment>();

  const plannedFor = (payment: Payment): string[] => {
    const externalId = origins.askedOf(payment.id)?.externalId;
    const intent = intents.find((each) => each.externalId === externalId);
    return (intent?.commands ?? []).flatMap(({ command }) =>
      command.type === 'payment.refund' ? [String(command.amount)] : [],
    );
  };
  const refund = (parent: Payment, amount: string): Payment | null => {
    try {
      const child = sandbox.payments.refund(parent, { amount });
      origins.note(child, 'others');
      return child;
    } catch (error) {
      if (error instanceof ConomyError) return null;
      throw error;
    }
  };
  /** From our first look on, nobody could tell one of equal amount from ours for as long as a call may be under way. */
  const wasLookedAt = ({ id }: Payment) => begun().some(({ name, about }) => name === 'list' && about === id);

  const makeAlike = (
    parent: Payment,
    amount: string,
    kind: 'refund_listed_late' | 'children_without_parent',
  ) => {
    if (!mood.plays(kind)) return;
    later(now() + random.whole(500, 4_000), () => {
      if (wasLookedAt(parent)) return;
      const child = refund(parent, amount);
      if (child === null) return;
      mood.note(kind);
      alike.set(`${parent.id} ${Number(amount)}`, child);
      if (kind === 'refund_listed_late') hiddenUntilMs.set(child.id, Number.POSITIVE_INFINITY);
      else orphans.add(child.id);
    });
  };

  return {
    isHidden: (id) => now() < (hiddenUntilMs.get(id) ?? 0),
    isOrphan: (id) => orphans.has(id),
    onMove: (payment) => {
      const [first, ...more] = payment.status === 'SETTLED' ? plannedFor(payment) : [];
      if (first === undefined) return;
      makeAlike(payment, first, 'refund_listed_late');
      makeAlike(payment, first, 'children_without_parent');
      if (!mood.plays('refunds_elsewhere')) return;
      for (let left = random.whole(1, 3); left > 0; left -= 1)
        later(now() + random.whole(500, 300_000), () => {
          const amounts = wasLookedAt(payment) ? ['11.00'] : ['11.00', first, ...more.slice(0, 1)];
          if (refund(payment, random.pick(amounts)) !== null) mood.note('refunds_elsewhere');
        });
    },
    swallows: (parentId, amount) => {
      const key = `${parentId} ${Number(amount)}`;
      const child = alike.get(key);
      if (child === undefined) return false;
      alike.delete(key);
      if (hiddenUntilMs.has(child.id))
        hiddenUntilMs.set(child.id, now() + random.whole(SHOWN_AFTER_MS.min, SHOWN_AFTER_MS.max));
      return true;
    },
  };
}
