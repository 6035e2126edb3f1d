import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { addressRefusal } from '../../core/fetch/address-guard.ts';
import { AddressRefusedError, guardedLookup, type ResolveHost } from './guarded-lookup.ts';

export interface ConnectorOptions {
  readonly allowPrivateAddress: boolean;
  /** Milliseconds until a connecting socket is destroyed, TLS handshake included. */
  readonly connectMs: number;
  readonly resolve: ResolveHost;
}

/**
 * Opens sockets, each address checked after the name was resolved and before the connection is made, so that
 * a name which changes its answer between check and use gains nothing. A name with public and private
 * addresses is reached through its public ones only.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: options.connectMs,
    allowH2: false,
    autoSelectFamily: true,
    lookup: guardedLookup(options),
  });
  if (options.allowPrivateAddress) return connect;
  return (target, callback) => {
    // A literal address never reaches the lookup.
    const refusal = isIP(target.hostname) === 0 ? undefined : addressRefusal(target.hostname);
    if (refusal !== undefined) {
      queueMicrotask(() => callback(new AddressRefusedError(refusal), null));
      return;
    }
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null);
      const reached = addressRefusal(socket.remoteAddress ?? '');
      if (reached === undefined) return callback(null, socket);
      socket.destroy();
      callback(new AddressRefusedError(reached), null);
    });
  };
}
