import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Delivery {
  text: string;
  headers: IncomingHttpHeaders;
  /** `event` of the one form, `eventType` of the other. */
  event: string;
  id: string;
  status: string;
}

export interface WebhookReceiver {
  url: string;
  /** The next delivery not yet taken, in order of arrival. */
  next(): Promise<Delivery>;
  /** Deliveries that arrived and were not taken. */
  untaken(): number;
}

/** Receives webhooks and answers the nth one as `answer` does; 200 without it. */
export async function openReceiver(
  answer: (response: ServerResponse, nth: number) => void = (response) => response.end(),
): Promise<WebhookReceiver> {
  const arrived: Delivery[] = [];
  const waiting: ((delivery: Delivery) => void)[] = [];
  let count = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    count += 1;
    const delivery = readDelivery(Buffer.concat(chunks).toString(), request.headers);
    const taker = waiting.shift();
    if (taker) taker(delivery);
    else arrived.push(delivery);
    answer(response, count);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    next: () => {
      const delivery = arrived.shift();
      return delivery ? Promise.resolve(delivery) : new Promise((taker) => waiting.push(taker));
    },
    untaken: () => arrived.length,
  };
}

function readDelivery(text: string, headers: IncomingHttpHeaders): Delivery {
  const { event, eventType, data, transaction = data.transaction } = JSON.parse(text);
  return { text, headers, event: event ?? eventType, id: transaction.id, status: transaction.status };
}
