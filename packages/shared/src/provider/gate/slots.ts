/** The part of a shared rate that this process has drawn and not used up. */
export interface Slots {
  /** Takes a slot whose time has come; false when there is none, and then more are drawn. */
  take(): boolean;
  /** Milliseconds until the next slot of this process; null while none is known. */
  nextInMs(): number | null;
  /** Drops what was drawn. */
  forget(): void;
  /** Resolves when the drawing under way is over. */
  drawn(): Promise<void>;
}

/** Slots are drawn for this long at once, so that many calls share one statement. */
const DRAWN_MS = 250;
/** A slot not used by then is lost: saved ones would let a burst through. */
const KEPT_MS = 1_000;

/**
 * @param draw takes `count` slots for this process alone; resolves with the milliseconds until the first
 * @param perSecond the pace of the lane at this moment
 */
export function createSlots(
  draw: (count: number, perSecond: number) => Promise<number>,
  perSecond: () => number,
  monotonicMs: () => number,
): Slots {
  let slotsMs: number[] = [];
  let drawing: Promise<void> | null = null;

  const drawMore = async () => {
    const pace = perSecond();
    const count = Math.max(1, Math.ceil((pace * DRAWN_MS) / 1_000));
    const firstMs = monotonicMs() + (await draw(count, pace));
    for (let nth = 0; nth < count; nth++) slotsMs.push(firstMs + (nth * 1_000) / pace);
  };
  const keepDrawn = () => {
    if (slotsMs.length > 0 || drawing !== null) return;
    drawing = drawMore()
      .catch(() => {})
      .finally(() => {
        drawing = null;
      });
  };
  return {
    take: () => {
      const nowMs = monotonicMs();
      slotsMs = slotsMs.filter((atMs) => atMs > nowMs - KEPT_MS);
      const [first] = slotsMs;
      const isDue = first !== undefined && first <= nowMs;
      if (isDue) slotsMs.shift();
      keepDrawn();
      return isDue;
    },
    nextInMs: () => (slotsMs[0] === undefined ? null : Math.max(0, slotsMs[0] - monotonicMs())),
    forget: () => {
      slotsMs = [];
    },
    drawn: async () => {
      await drawing;
    },
  };
}
