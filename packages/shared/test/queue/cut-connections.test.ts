import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, inject, onTestFinished, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { createDatabase, dropDatabaseInUse } from '../../../local-stack/src/databases.ts';
import { until } from '../../../testing/src/until.ts';
import { commandJob } from '../../src/queue/catalogue.ts';
import { openSender } from '../../src/queue/sender.ts';
import { openLogRecorder } from './queue-fixture.ts';

/**
 * Forwards connections to PostgreSQL and resets those of BullMQ at the n-th thing that they send. They name its schema as they
 * begin, which the probe before them does not.
 */
async function openCutter(serverUrl: string) {
  const { hostname, port } = new URL(serverUrl);
  let cutAt = Number.POSITIVE_INFINITY;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let sent = 0;
    let isOfQueue = false;
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      sent += 1;
      if (sent === 1) isOfQueue = bytes.includes('search_path');
      if (!isOfQueue || sent < cutAt) {
        upstream.write(bytes);
        return;
      }
      cuts += 1;
      client.resetAndDestroy();
      upstream.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutEachAt: (nth: number) => {
      cutAt = nth;
    },
    cuts: () => cuts,
    close: () => server.close(),
  };
}

test.each([2, 3, 4, 5, 7])(
  'a connection of the queue that PostgreSQL resets at its message %i ends no process, and jobs are taken afterwards',
  { timeout: 30_000 },
  async (nth) => {
    const { postgresUrl } = inject('capstan');
    const name = `cut_${randomBytes(6).toString('hex')}`;
    const cutter = await openCutter(await createDatabase(postgresUrl, name));
    onTestFinished(() => dropDatabaseInUse(postgresUrl, name));
    onTestFinished(() => void cutter.close());
    const uncaught: Error[] = [];
    const note = (error: Error) => void uncaught.push(error);
    process.on('uncaughtException', note);
    onTestFinished(() => void process.off('uncaughtException', note));

    cutter.cutEachAt(nth);
    const { log } = openLogRecorder();
    const sender = openSender('commands', cutter.url, log);
    const offer = () => sender.offer([commandJob(randomUUID(), 0)]);
    const isCutTwice = async () => {
      await offer();
      return cutter.cuts() >= 2;
    };
    await until(isCutTwice, { deadlineMs: 10_000, what: 'two connections to be cut' });
    cutter.cutEachAt(Number.POSITIVE_INFINITY);
    await until(offer, { deadlineMs: 15_000, what: 'a job to be taken' });
    await sender.close();
    expect(uncaught).toEqual([]);
  },
);
