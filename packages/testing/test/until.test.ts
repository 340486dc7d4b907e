import { expect, test } from 'vitest';
import { until } from '../src/until.ts';

test('the first truthy value is returned', async () => {
  const values = [undefined, 0, '', 'ready'];
  expect(await until(() => values.shift(), { deadlineMs: 1_000, what: 'a value' })).toBe('ready');
});

test('a failing assertion is tried again', async () => {
  let tries = 0;
  const probe = () => {
    tries += 1;
    expect(tries).toBe(3);
    return true;
  };
  await until(probe, { deadlineMs: 1_000, what: 'the third try' });
  expect(tries).toBe(3);
});

test('at the deadline the error says what was waited for and what was seen last', async () => {
  const waiting = until(() => null, { deadlineMs: 30, what: 'the payment to be final' });
  await expect(waiting).rejects.toThrow('Waited 30 ms for the payment to be final; last seen: null');
});

test('at the deadline the last error is the cause', async () => {
  const cause = new Error('connection refused');
  const waiting = until(
    () => {
      throw cause;
    },
    { deadlineMs: 30, what: 'an answer' },
  );
  await expect(waiting).rejects.toMatchObject({
    message: 'Waited 30 ms for an answer; the last try failed: connection refused',
    cause,
  });
});
