import { setTimeout as delay } from 'node:timers/promises';
import type { Stack } from '../stack.ts';

const AGAIN_MS = 300;
const TRIES_MAX = 20;

/**
 * What an operator does once the provider has mended its ways: writes go on. A pause of Capstan's own may end by itself
 * meanwhile.
 */
export async function liftPauses(stack: Stack): Promise<void> {
  const { pauses } = (await ask(stack, 'GET', '/v1/pauses')) as { pauses: { id: string }[] };
  for (const { id } of pauses) await ask(stack, 'DELETE', `/v1/pauses/${id}`, { goneIsFine: true });
}

/**
 * Gives every parked command a second try, as an operator may who has looked at it.
 * @returns how many there were.
 */
export async function redriveParked(stack: Stack): Promise<number> {
  const body = JSON.stringify({ reason: 'Conomy is well again.' });
  const listed = await ask(stack, 'GET', '/v1/commands?status=parked&limit=200');
  const { commands } = listed as { commands: { id: string }[] };
  for (const { id } of commands)
    await ask(stack, 'POST', `/v1/commands/${id}/redrive`, { body, goneIsFine: true });
  return commands.length;
}

async function ask(
  { apis: [api], info }: Stack,
  method: string,
  path: string,
  { body, goneIsFine = false }: { body?: string; goneIsFine?: boolean } = {},
): Promise<unknown> {
  const response = await fetchSurely(`${api?.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${info.apiKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  });
  if (goneIsFine && (response.status === 404 || response.status === 409)) return null;
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}`);
  return response.status === 204 ? null : response.json();
}

/** A connection that was kept may have been closed meanwhile: the request is sent again, and finds done what it had done. */
async function fetchSurely(url: string, request: RequestInit): Promise<Response> {
  for (let tries = 1; ; tries++) {
    try {
      return await fetch(url, request);
    } catch (error) {
      if (tries === TRIES_MAX) throw new Error(`${request.method} ${url} found nobody`, { cause: error });
      await delay(AGAIN_MS);
    }
  }
}
