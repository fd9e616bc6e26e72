/** The largest memory of this process, in bytes. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * Linux counts what the parent had when it started a process into `maxRSS`; the high-water mark of the process's own
 * memory starts anew.
 */
export function peakMemory(): number {
  const status = '/proc/self/status';
  const mark = existsSync(status) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8')) : null;
  return 1024 * (mark === null ? process.resourceUsage().maxRSS : Number(mark[1]));
}
