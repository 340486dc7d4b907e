import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ConomyClientOptions } from '../../../src/provider/conomy/caller.ts';
import { type ConomyClient, createConomyClient } from '../../../src/provider/conomy/client.ts';

interface ReceivedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface TcpServer {
  url: string;
  /** Everything but `/auth`, in the order received. */
  requests: ReceivedRequest[];
  authRequests: ReceivedRequest[];
  close(): Promise<void>;
}

export type Script = (socket: Socket, request: ReceivedRequest, count: number) => void;

/** A whole HTTP answer as text, with a correct length unless a header says otherwise. */
export function httpAnswer(status: number, body: unknown, headers: Record<string, string> = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Any\r\n${lines.join('')}\r\n${text}`;
}

export const TOKEN_ANSWER = { accessToken: 'token-1', tokenType: 'Bearer', expiresIn: 3600 };

/** An HTTP server made of bare sockets, so that a script can do to a connection what no HTTP server does. */
export async function startTcpServer(
  script: Script,
  auth: Script = (socket) => socket.write(httpAnswer(200, TOKEN_ANSWER)),
): Promise<TcpServer> {
  const requests: ReceivedRequest[] = [];
  const authRequests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    onEachRequest(socket, (request) => {
      const isAuth = request.path.endsWith('/auth');
      const seen = isAuth ? authRequests : requests;
      seen.push(request);
      (isAuth ? auth : script)(socket, request, seen.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    authRequests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function onEachRequest(socket: Socket, onRequest: (request: ReceivedRequest) => void): void {
  let buffered = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    buffered += chunk;
    const headEnd = buffered.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const [requestLine = '', ...headerLines] = buffered.slice(0, headEnd).split('\r\n');
    const headers = Object.fromEntries(
      headerLines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const body = buffered.slice(headEnd + 4);
    if (Buffer.byteLength(body) < Number(headers['content-length'] ?? 0)) return;
    buffered = '';
    const [method = '', path = ''] = requestLine.split(' ');
    onRequest({ method, path, headers, body });
  });
}

export function clientFor(baseUrl: string, changed: Partial<ConomyClientOptions> = {}): ConomyClient {
  return createConomyClient({
    baseUrl,
    apiKey: 'gateway-key',
    clientId: 'client-1',
    clientSecret: 'client-secret-1',
    apiVersion: '24-04-2025',
    userAgent: 'Capstan/1.0',
    ...changed,
  });
}
