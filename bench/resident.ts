import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** MiB of memory that a process holds. */
export function residentMiB(pid: number): number {
  return residentKiB(pid) / 1_024;
}

function residentKiB(pid: number): number {
  if (process.platform !== 'linux')
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' }));
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib);
}
