/** What plays runs elsewhere: the state machines of a deployment. */
export interface Executions {
  /**
   * How an execution is doing, by its ARN. Throws a `StorageError` where nobody can be asked.
   */
  find(execution: string): Promise<ExecutionStatus>;
}

export type ExecutionStatus =
  | { readonly kind: 'running' }
  | {
      readonly kind: 'ended';
      /** `stopped`: by a person, or by what stops executions. */
      readonly as: 'succeeded' | 'failed' | 'timed-out' | 'stopped';
      /** Milliseconds. */
      readonly at: number;
      /** What it ended with, in one line; null where nothing is said. */
      readonly problem: string | null;
    }
  /** It never was, or is forgotten: 90 days after its end. */
  | { readonly kind: 'absent' };
