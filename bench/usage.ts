/** What processes have used since they started. */
export interface Usage {
  /** Milliseconds of CPU, user and system, all threads. */
  readonly cpuMs: number;
  /** Peak resident set, of the largest where there are several. */
  readonly peakBytes: number;
}
