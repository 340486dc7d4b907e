/**
 * Has one scan of the provider serve everybody who needs it: those who ask while a scan of their lane is under way
 * share the next one. A scan never serves somebody who asked after it had begun, since it may have passed by what
 * they look for.
 */
export interface SharedScans {
  /** @param run makes the scan for all who share it; the first of them brings it. */
  share<R, T>(lane: string, request: R, run: (requests: readonly R[]) => Promise<T>): Promise<T>;
}

interface Lane {
  underWay: Promise<unknown>;
  next: { requests: unknown[]; scan: Promise<unknown> } | null;
}

export function createSharedScans(): SharedScans {
  const lanes = new Map<string, Lane>();

  return {
    share<R, T>(name: string, request: R, run: (requests: readonly R[]) => Promise<T>): Promise<T> {
      const lane = lanes.get(name) ?? { underWay: Promise.resolve(), next: null };
      lanes.set(name, lane);
      if (lane.next === null) {
        const requests: R[] = [];
        const begin = () => {
          lane.next = null;
          return run(requests);
        };
        const scan = lane.underWay.then(begin);
        const over = scan.then(
          () => {},
          () => {},
        );
        lane.underWay = over.then(() => {
          if (lane.next === null) lanes.delete(name);
        });
        lane.next = { requests, scan };
      }
      lane.next.requests.push(request);
      return lane.next.scan as Promise<T>;
    },
  };
}
