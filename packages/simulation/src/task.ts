import type { Fate, Point } from './points.ts';

/** What is done after a process died: nothing, for ever. */
function nothingMore(): Promise<never> {
  return new Promise(() => {});
}

/**
 * One piece of work of one virtual process. It runs alone from one stop to the next; at a stop the scheduler decides
 * whether and when it goes on.
 */
export class Task {
  readonly name: string;
  state: 'stopped' | 'running' | 'ended' | 'crashed' = 'stopped';
  /** Simulated milliseconds before which it does not go on. */
  notBeforeMs: number;
  /** Where it stands, or died. */
  at: Point | null = null;
  error: unknown = null;

  readonly #now: () => number;
  readonly #fate: (point: Point, mayHold: boolean) => Fate;
  #goOn: () => void = () => {};
  #stopped = Promise.withResolvers<void>();

  constructor(
    name: string,
    parts: { now: () => number; fate: (point: Point, mayHold: boolean) => Fate },
    work: (task: Task) => Promise<unknown>,
  ) {
    this.name = name;
    this.#now = parts.now;
    this.#fate = parts.fate;
    this.notBeforeMs = parts.now();
    this.#goOn = () => {
      work(this).then(
        () => this.#stop('ended'),
        (error) => {
          this.error = error;
          this.#stop('ended');
        },
      );
    };
  }

  get isOver(): boolean {
    return this.state === 'ended' || this.state === 'crashed';
  }

  /** Lets it run to its next stop, its end or its death. */
  async run(): Promise<void> {
    this.#stopped = Promise.withResolvers();
    this.state = 'running';
    this.#goOn();
    await this.#stopped.promise;
  }

  /** A place outside of transactions: it may stop here for a while, or die. */
  async stopAt(point: Point): Promise<void> {
    const fate = this.#pass(point, true);
    if (fate.kind === 'crash') return nothingMore();
    this.notBeforeMs = this.#now() + (fate.kind === 'hold' ? fate.ms : 0);
    await this.#standStill();
  }

  /** Waits for something that others do, at most this many simulated milliseconds. */
  async sleep(ms: number): Promise<void> {
    if (this.state === 'crashed') return nothingMore();
    this.notBeforeMs = this.#now() + ms;
    await this.#standStill();
  }

  /** A place where others would wait for it: it dies here or goes on at once. `atDeath` is what its end does to others. */
  async passOrDie(point: Point, atDeath: () => Promise<void> = async () => {}): Promise<void> {
    if (this.state === 'crashed') return nothingMore();
    const fate = this.#fate(point, false);
    if (fate.kind !== 'crash') return;
    this.at = point;
    this.state = 'crashed';
    await atDeath();
    this.#stopped.resolve();
    return nothingMore();
  }

  /** For work that runs beside: what is left of a dead process does nothing. */
  async assertAlive(): Promise<void> {
    if (this.state === 'crashed') return nothingMore();
  }

  #standStill(): Promise<void> {
    const resumed = Promise.withResolvers<void>();
    this.#goOn = resumed.resolve;
    this.#stop('stopped');
    return resumed.promise;
  }

  #pass(point: Point, mayHold: boolean): Fate {
    if (this.state === 'crashed') return { kind: 'crash' };
    const fate = this.#fate(point, mayHold);
    this.at = point;
    if (fate.kind === 'crash') this.#stop('crashed');
    return fate;
  }

  #stop(state: Task['state']): void {
    if (this.state === 'crashed') return;
    this.state = state;
    this.#stopped.resolve();
  }
}
