import { expect, test } from 'vitest';
import { needsProgram } from '../src/needs-program.ts';

test('a program on PATH lets the tests run', () => {
  expect(needsProgram('sh', 'dash', { PATH: '/nowhere:/bin' })).toEqual({
    run: true,
    path: '/bin/sh',
    reason: '',
  });
});

test('an absent program skips and names the Debian package', () => {
  expect(needsProgram('redis-server', 'redis-server', { PATH: '/nowhere' })).toEqual({
    run: false,
    path: '',
    reason: 'needs redis-server: install the Debian package redis-server',
  });
});

test('an absent program fails where nothing may be skipped', () => {
  expect(() => needsProgram('redis-server', 'redis-server', { PATH: '/nowhere', CI: 'true' })).toThrow(
    'install the Debian package redis-server',
  );
});
