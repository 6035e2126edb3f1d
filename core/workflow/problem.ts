/** What a catcher leaves of an error: its name, and what was said, by Lambda in JSON. */
export interface Problem {
  readonly Error: string;
  readonly Cause?: string | undefined;
}

/** `Transient: racing: cannot reach …`, in one line. */
export function problemText({ Error: name, Cause }: Problem): string {
  return `${name}: ${causeText(Cause)}`;
}

/** What Lambda puts around an error, `{ errorType, errorMessage, trace }`, without it. */
export function causeText(cause: string | undefined): string {
  return (messageIn(cause) ?? (cause || 'no cause was given')).replace(/\s+/g, ' ').trim();
}

function messageIn(cause: string | undefined): string | undefined {
  try {
    const { errorMessage } = JSON.parse(cause ?? '') as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : undefined;
  } catch {
    // Not every cause comes from a Lambda.
    return undefined;
  }
}
