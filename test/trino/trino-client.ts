/** What a statement answered: JSON values, as Trino writes those of each type. */
export interface TrinoAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** One page of an answer of Trino's REST protocol. */
interface Page {
  readonly columns?: TrinoAnswer['columns'];
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: { readonly errorName: string; readonly message: string; readonly failureInfo?: Failure };
  readonly nextUri?: string;
}

interface Failure {
  readonly type?: string;
  readonly message?: string;
  readonly cause?: Failure;
}

/** Milliseconds for one request: Trino answers each within seconds, of a statement that goes on as well. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The catalog's name is Athena's own, which the views name. */
export const CATALOG = 'awsdatacatalog';

/** Throws an Error of one line, with its causes, where the statement fails. `zone`: of the session. */
export async function askTrino(
  url: string,
  database: string,
  sql: string,
  zone = 'UTC',
): Promise<TrinoAnswer> {
  const headers = {
    'X-Trino-User': 'rescrape',
    'X-Trino-Catalog': CATALOG,
    'X-Trino-Schema': database,
    'X-Trino-Time-Zone': zone,
    // Timestamps with all their digits.
    'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
  };
  const request = async (address: string, init?: RequestInit) => {
    const answer = await fetch(address, {
      ...init,
      headers,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error(`Trino answered HTTP ${answer.status}`);
    return (await answer.json()) as Page;
  };
  let page = await request(`${url}/v1/statement`, { method: 'POST', body: sql });
  let columns: TrinoAnswer['columns'] = [];
  const rows: (readonly unknown[])[] = [];
  for (;;) {
    columns = page.columns ?? columns;
    rows.push(...(page.data ?? []));
    if (page.error) throw new Error(problemOf(page.error));
    if (page.nextUri === undefined) return { columns, rows };
    page = await request(page.nextUri);
  }
}

function problemOf({ errorName, message, failureInfo }: NonNullable<Page['error']>): string {
  const causes: string[] = [];
  for (let cause = failureInfo?.cause; cause; cause = cause.cause) causes.push(String(cause.message));
  return [`${errorName}: ${message}`, ...causes].join(' <- ').replaceAll(/\s+/g, ' ');
}
