import type { Random } from '@capstan/local-stack/demo/random';
import type { JobData, Offer, QueueKey } from '@capstan/shared/queue/catalogue';
import type { RelaySender } from '@capstan/shared/queue/sender';
import { AFTER_OFFER, BEFORE_OFFER } from './points.ts';
import type { Task } from './task.ts';

export interface SimulatedJob {
  kind: QueueKey;
  id: string;
  data: JobData<QueueKey>;
  dueMs: number;
}

/** A queue that keeps none of its promises: by seed it loses, doubles, delays and reorders jobs. */
export class SimulatedQueue {
  jobs: SimulatedJob[] = [];
  readonly #random: Random;
  readonly #now: () => number;

  constructor(random: Random, now: () => number) {
    this.#random = random;
    this.#now = now;
  }

  /** A job that is due, whichever. */
  take(): SimulatedJob | null {
    const due = this.jobs.filter(({ dueMs }) => dueMs <= this.#now());
    if (due.length === 0) return null;
    const job = this.#random.pick(due);
    this.jobs = this.jobs.filter((other) => other !== job);
    return job;
  }

  senderOf<K extends QueueKey>(task: Task, kind: K): RelaySender<K> {
    return {
      offer: async (offers) => {
        if (offers.length === 0) return true;
        await task.passOrDie(BEFORE_OFFER);
        for (const offer of offers) this.#add(kind, offer);
        await task.passOrDie(AFTER_OFFER);
        return true;
      },
      isUp: async () => true,
      generationAgeMs: async () => this.#now(),
      dropFinished: async () => {},
      queue: () => null,
      close: async () => {},
    };
  }

  #add<K extends QueueKey>(kind: K, { id, data, delayMs = 0 }: Offer<K>): void {
    const luck = this.#random.whole(0, 99);
    if (luck < 6) return;
    const job = {
      kind,
      id,
      data,
      dueMs: this.#now() + delayMs + (luck > 90 ? this.#random.whole(1, 20_000) : 0),
    };
    if (!this.jobs.some((other) => other.id === id)) this.jobs.push(job);
    if (luck > 84 && luck <= 90) this.jobs.push({ ...job, dueMs: job.dueMs + this.#random.whole(0, 9_000) });
  }
}
