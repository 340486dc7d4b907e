interface Call<I, O> {
  item: I;
  resolve: (value: O) => void;
  reject: (error: unknown) => void;
}

/**
 * Lets concurrent calls share the work: while one list is under way newcomers gather, and go together as the next.
 * No timer: a lone call runs at once. If `run` throws, every call of that list fails with the same error.
 */
export function batchCalls<I, O>(
  run: (items: I[]) => Promise<O[]>,
  sizeMax: number,
): (item: I) => Promise<O> {
  const waiting: Call<I, O>[] = [];
  let running = false;

  const drain = async () => {
    running = true;
    while (waiting.length > 0) await runTogether(run, waiting.splice(0, sizeMax));
    running = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void drain();
    });
}

async function runTogether<I, O>(
  run: (items: I[]) => Promise<O[]>,
  calls: readonly Call<I, O>[],
): Promise<void> {
  try {
    const results = await run(calls.map(({ item }) => item));
    if (results.length !== calls.length)
      throw new Error(`${calls.length} items went in and ${results.length} results came out`);
    for (const [index, call] of calls.entries()) call.resolve(results[index] as O);
  } catch (error) {
    for (const call of calls) call.reject(error);
  }
}
