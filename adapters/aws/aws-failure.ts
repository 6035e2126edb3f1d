import { StorageError } from '../../core/ports/storage-error.ts';

/** What AWS says, by kind. The names differ from service to service for one and the same thing. */
const KINDS: readonly {
  readonly kind: AwsTrouble['kind'];
  readonly names: RegExp;
  readonly advice: string;
}[] = [
  {
    kind: 'denied',
    names: /^(AccessDenied(Exception)?|Forbidden|AuthorizationError(Exception)?|403)$/,
    advice: 'access denied; allow this action to the role',
  },
  {
    kind: 'credentials',
    names:
      /^(CredentialsProviderError|TokenProviderError|RegionMissing|Expired(Token|TokenException)|RequestExpired|InvalidAccessKeyId|InvalidClientTokenId|InvalidToken|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException)$/,
    advice:
      'the credentials or the region do not work; sign in again, or check the profile and the variables',
  },
  {
    kind: 'throttled',
    names:
      /^(SlowDown|Throttl\w*|RequestThrottled\w*|RequestLimitExceeded|TooManyRequestsException|ProvisionedThroughputExceededException|BandwidthLimitExceeded|429)$/,
    advice: 'throttled; run again when there is less going on',
  },
  {
    kind: 'missing',
    names: /^(NoSuchBucket|ResourceNotFoundException|EntityNotFoundException|NotFound(Exception)?)$/,
    advice: 'it is not there; check the name and the region, or deploy the stack',
  },
  {
    kind: 'unclear',
    names:
      /^(TimeoutError|RequestTimeout(Exception)?|InternalError|InternalFailure|InternalServer(Error|Exception)|InternalServiceException|OperationTimeoutException|ServiceUnavailable(Exception)?|E[A-Z_]+|5\d\d)$/,
    advice: 'no clear answer; check the network and the service, and run again',
  },
];

export interface AwsTrouble {
  /** `unclear`: nobody can tell whether it was done. `other`: see the name. */
  readonly kind: 'denied' | 'credentials' | 'throttled' | 'missing' | 'unclear' | 'other';
  readonly name: string;
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  /**
   * How often the SDK sent the request. From 2 on, an earlier one may have been carried out although its
   * answer got lost.
   */
  readonly attempts: number;
  readonly message: string;
}

/**
 * What an error of the SDK means; undefined for an error that is not of AWS or the network, which is a bug.
 */
export function awsTrouble(error: unknown): AwsTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata: metadata, code } = error as {
    $metadata?: { httpStatusCode?: number; attempts?: number };
    code?: unknown;
  };
  // Errors of the network have the names of Node's codes; some errors of the SDK have no name of their own.
  const name = typeof code === 'string' && /^E[A-Z_]+$/.test(code) ? code : (nameless(error) ?? error.name);
  const ofAws = metadata !== undefined || name !== error.name || OF_THE_SDK.test(name);
  if (!ofAws) return undefined;
  const status = metadata?.httpStatusCode;
  const strange = strangeAnswer(error);
  const known =
    KINDS.find(({ names }) => names.test(name)) ??
    KINDS.find(({ names }) => status !== undefined && names.test(String(status)));
  return {
    // A request that was never answered may have been carried out.
    kind: known?.kind ?? (status === undefined || (strange && status < 300) ? 'unclear' : 'other'),
    name: strange && status !== undefined ? `HTTP ${status}` : name,
    status,
    attempts: metadata?.attempts ?? 1,
    message: strange ?? error.message.replace(/\s+/g, ' ').trim(),
  };
}

/** What came in place of an answer of AWS (a proxy's page, half a line); undefined where one came. */
function strangeAnswer(error: Error): string | undefined {
  const { $response: response } = error as { $response?: { headers?: Record<string, string> } };
  const [said = ''] = error.message.split(/\s*Deserialization error: /, 1);
  const isUnread = said !== error.message;
  const isHtml = error.name === 'Unknown' && /html/i.test(response?.headers?.['content-type'] ?? '');
  if (!isUnread && !isHtml) return undefined;
  const type = response?.headers?.['content-type'] ?? 'something without a media type';
  return `${type} in place of an answer of AWS${isUnread ? `: ${said.replace(/\s+/g, ' ')}` : ''}`;
}

const OF_THE_SDK = /^(TimeoutError|CredentialsProviderError|TokenProviderError)$/;

function nameless({ message }: Error): string | undefined {
  if (message === 'Region is missing') return 'RegionMissing';
  // The bytes that came are not the ones that S3 sent.
  return message.startsWith('Checksum mismatch') ? 'ECHECKSUM' : undefined;
}

/**
 * The error as a `StorageError` of one line that begins with the action and what it was done to
 * (`s3:PutObject s3://lake/data/…`), so that the line alone says which permission or resource to look at. An
 * error that is not of AWS or the network stays as it is: it is a bug.
 */
export function awsFailure(error: unknown, action: string): unknown {
  const trouble = awsTrouble(error);
  return trouble === undefined || error instanceof StorageError
    ? error
    : new StorageError(`${action}: ${told(trouble)}`, { cause: error });
}

/** What happened and what to do about it, on one line. */
export function told({ name, kind, attempts, message }: AwsTrouble): string {
  const advice = KINDS.find((known) => known.kind === kind)?.advice;
  const tries = attempts > 1 ? ` after ${attempts} tries` : '';
  // Some answers have no body, and then the SDK's message is the name once more.
  const said =
    message === '' || message === name || message === 'UnknownError' ? name : `${name}: ${message}`;
  return advice === undefined ? `${said}${tries}` : `${advice} (${said}${tries})`;
}
