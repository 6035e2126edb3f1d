/**
 * Where AWS is and who we are. Left out, the SDK finds it as every AWS tool does: variables, profile, role.
 */
export interface AwsConnection {
  readonly region?: string;
  /** Something else that speaks the API: an emulator, a private endpoint. */
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/**
 * Tries of one request by the SDK itself, in its standard mode: throttling (503 SlowDown, ThrottlingException
 * …), 5xx and broken connections are sent again after a pause that doubles with jitter, from 0.1 s
 * (throttled: 0.5 s) to 20 s. Five of them ride out a burst; what lasts longer is told to the caller, whose
 * own retry (a stage, a queue) has minutes and not seconds to wait. An adapter never repeats what the SDK
 * repeats, or the tries would multiply.
 */
const USUAL_ATTEMPTS = 5;
/**
 * Where the limits are a few calls a second for the whole account and a run comes with all its partitions at
 * once.
 */
export const PATIENT_ATTEMPTS = 8;

/**
 * The SDK has no time limits of its own: a connection that falls silent would hold a Lambda until it is
 * killed.
 */
const CONNECTION_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 30_000;

/** What every client of the SDK is made with. */
export function clientSettings(
  { region, endpoint, credentials }: AwsConnection,
  attempts: number = USUAL_ATTEMPTS,
) {
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    retryMode: 'standard',
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      socketTimeout: REQUEST_TIMEOUT_MS,
      // Without it the SDK only prints a warning when the time is up.
      throwOnRequestTimeout: true,
    },
  };
}

/**
 * For a client that only ever asks one bucket or one table: the SDK works out once what a request of a kind
 * goes through, and not for each. What it learns on the way (endpoint, identity, signing region) is shared by
 * requests that are under way together, so that it must be the same for all.
 */
export const ONE_RESOURCE = { cacheMiddleware: true } as const;

interface Logging {
  readonly middlewareStack: { remove(name: string): boolean };
}

/** The SDK copies every request and answer for its logger, also where there is none, as with us. */
export function withoutLogger<Client extends Logging>(client: Client): Client {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}
