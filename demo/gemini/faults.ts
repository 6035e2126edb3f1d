/** What a client may ask for. `start` and `chunk` are the two kinds of request of an upload. */
export type GeminiCall =
  | 'start'
  | 'chunk'
  | 'create'
  | 'get'
  | 'list'
  | 'cancel'
  | 'delete'
  | 'download'
  | 'files';

/** What goes wrong with one request. */
export type CallFault =
  /** An error of the API. `retryDelay`: `36s`, in the details of the error. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryDelay?: string;
      readonly retryAfterSeconds?: number;
      /** An error that repeats the key. */
      readonly tellsKey?: true;
    }
  /** A page in place of the API's answer: of a proxy, of a login. */
  | { readonly kind: 'html'; readonly status: number }
  /** The connection is reset; `drop-after`: once the request was carried out. */
  | { readonly kind: 'drop' | 'drop-after' }
  /** The request is read and never answered. */
  | { readonly kind: 'hang' }
  /** The request is carried out, and the body is cut half way. */
  | { readonly kind: 'cut' }
  /** The answer lacks the address to upload to, the status, the last status, the file, or everything. */
  | { readonly kind: 'no-upload-url' | 'no-upload-status' | 'not-final' | 'no-file' | 'empty-object' };

/** How one page is answered, where it is not answered as it should be. */
export type LineFault =
  /** An error for this one request. */
  | 'error'
  /** Neither a response nor an error. */
  | 'no-response'
  | 'no-candidates'
  | 'blocked-prompt'
  | 'blocked-answer'
  /** The answer is the one that it should be, in a fence. */
  | 'code-fence'
  /** The model was cut off at its limit. */
  | 'truncated'
  /** The answer lacks a field. */
  | 'missing-field'
  /** A text of the answer that is made of digits is a number. */
  | 'number-for-text'
  | 'empty-text'
  /** There is no line, or the same one twice. */
  | 'missing-line'
  | 'doubled-line'
  /** The line is no JSON. */
  | 'broken-line';

/** How a job ends that does not succeed; `no-results`: it does, and there is no file. */
export type JobFault = 'failed' | 'expired' | 'cancelled' | 'no-results' | 'unknown-state';

/** A plain value: what goes wrong in a server of the demo, and how often. */
export interface GeminiFaultPlan {
  /**
   * `times`: only the first so many requests of that kind; absent: every one. `of`: only those about it, the
   * display name of an upload that starts, or of a job that is created.
   */
  readonly calls?: readonly {
    readonly call: GeminiCall;
    readonly of?: string;
    readonly fault: CallFault;
    readonly times?: number;
  }[];
  /** `job`: of all that were accepted, from 1. */
  readonly jobs?: readonly { readonly job: number; readonly fault: JobFault }[];
  /** `times`: only the first so many answers for that page that are given out; absent: every one. */
  readonly lines?: readonly { readonly key: string; readonly fault: LineFault; readonly times?: number }[];
  /** Of the lines of a result. @default as they were asked */
  readonly order?: 'reversed';
}

/** A plan, and how much of it has happened. */
export class Faults {
  readonly #plan: GeminiFaultPlan;
  readonly #met = new Map<object, number>();

  constructor(plan: GeminiFaultPlan) {
    this.#plan = plan;
  }

  get reversesLines(): boolean {
    return this.#plan.order === 'reversed';
  }

  /** What this request meets; of several rules the first that is not used up. */
  ofCall(call: GeminiCall, of?: string): CallFault | undefined {
    const rule = this.#plan.calls?.find(
      (each) =>
        each.call === call &&
        (each.of === undefined || each.of === of) &&
        (this.#met.get(each) ?? 0) < (each.times ?? Number.POSITIVE_INFINITY),
    );
    if (rule) this.#met.set(rule, (this.#met.get(rule) ?? 0) + 1);
    return rule?.fault;
  }

  ofJob(job: number): JobFault | undefined {
    return this.#plan.jobs?.find((each) => each.job === job)?.fault;
  }

  /** `answer`: which one of this page it is, from 1. */
  ofLine(key: string, answer: number): LineFault | undefined {
    return this.#plan.lines?.find(
      (each) => each.key === key && answer <= (each.times ?? Number.POSITIVE_INFINITY),
    )?.fault;
  }
}
