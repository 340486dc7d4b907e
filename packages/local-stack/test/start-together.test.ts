import { expect, test } from 'vitest';
import { createStopList, startTogether } from '../src/start-together.ts';

test('parts are stopped last in, first out, once', async () => {
  const stopped: string[] = [];
  const list = createStopList();
  for (const name of ['database', 'queue', 'service']) list.add(async () => stopped.push(name));
  await Promise.all([list.stopAll(), list.stopAll()]);
  expect(stopped).toEqual(['service', 'queue', 'database']);
});

test('a part that does not stop does not keep the others from stopping', async () => {
  const stopped: string[] = [];
  const list = createStopList();
  list.add(async () => stopped.push('database'));
  list.add(() => Promise.reject(new Error('stuck')));
  await expect(list.stopAll()).rejects.toThrow('Did not stop cleanly: Error: stuck');
  expect(stopped).toEqual(['database']);
});

test('the first failure calls the others off and is thrown when all have settled', async () => {
  const callOff = new AbortController();
  let settled = false;
  const slow = new Promise((_, reject) => {
    callOff.signal.addEventListener('abort', () => {
      settled = true;
      reject(new Error('called off'));
    });
  });
  const failing = Promise.reject(new Error('no such file'));
  await expect(startTogether([slow, failing], callOff)).rejects.toThrow('no such file');
  expect(settled).toBe(true);
});
