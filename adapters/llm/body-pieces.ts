import type { HttpClient, HttpExchange, HttpRequest } from '../../core/ports/http-client.ts';

/**
 * The body of a response as it comes, read no faster than it is taken; what the exchange was is returned at
 * the end. Whoever stops early closes the connection.
 */
export async function* bodyPieces(
  http: HttpClient,
  request: HttpRequest,
): AsyncGenerator<Uint8Array, HttpExchange> {
  const stop = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
  let piece: { readonly bytes: Uint8Array; readonly onTaken: () => void } | undefined;
  let arrived = Promise.withResolvers<void>();
  const exchange = http.send({
    ...request,
    signal,
    onBody: (bytes) =>
      new Promise((resolve) => {
        piece = { bytes, onTaken: resolve };
        arrived.resolve();
      }),
  });
  const over = exchange.then(
    () => undefined,
    () => undefined,
  );
  try {
    for (;;) {
      await Promise.race([arrived.promise, over]);
      if (piece === undefined) return await exchange;
      const { bytes, onTaken } = piece;
      piece = undefined;
      arrived = Promise.withResolvers<void>();
      yield bytes;
      onTaken();
    }
  } finally {
    stop.abort(new Error('nothing more of the body is wanted'));
    await over;
  }
}
