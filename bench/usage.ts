/**
 * What a process has used since it started: milliseconds of CPU (user and system, all threads) and peak
 * memory.
 */
export interface Usage {
  readonly cpuMs: number;
  readonly peakBytes: number;
}

export function usageSoFar(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, peakBytes: process.resourceUsage().maxRSS * 1024 };
}
