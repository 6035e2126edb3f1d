/**
 * `node:http` as it is. An import of it as an ES module reads all that it exports, `WebSocket` among it, for
 * which Node then loads undici and HTTP/2: 20 ms of CPU.
 */
export const http = process.getBuiltinModule('node:http');

/** Loaded with the first connection that needs it: TLS is another 15 ms of CPU. */
export const https = () => process.getBuiltinModule('node:https');
export const tls = () => process.getBuiltinModule('node:tls');
