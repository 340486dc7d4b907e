import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

/** The receiver's name leads to an address that is not on the public internet. */
export class PrivateAddressError extends Error {
  readonly code = 'private_address';

  constructor(host: string, address: string) {
    super(
      `${host} leads to ${address}, which is not a public address. Set UPSTREAM_PRIVATE_ADDRESSES=on if events are to go there.`,
    );
  }
}

/** Whether an address is on the public internet: not loopback, private, link-local, reserved or a translated form of one. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/**
 * Connects to public addresses only. The check is made on the very addresses the socket gets, so a name that leads
 * elsewhere a moment later is refused too.
 */
export function connectPublicly(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: lookupPublic } as buildConnector.BuildOptions);
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isPublicAddress(host)) callback(new PrivateAddressError(host, host), null);
    else connect(target, callback);
  };
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

function lookupPublic(host: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    if (refused) return callback(new PrivateAddressError(host, refused.address), '');
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    return callback(null, first?.address ?? '', first?.family);
  });
}
