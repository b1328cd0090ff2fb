import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Process } from '../../core/facts.ts';
import { codeOf } from './errno.ts';

/** Names the call in the environment of every process that a tool starts. */
export const callVariable = 'FARHAND_TOOL_CALL';

/** What reading about a process fails with when it ends meanwhile. */
const gone = ['ENOENT', 'ESRCH'];

/** How long a killed process may take to go, in milliseconds. */
const patience = 5_000;

/** Whether anything had to be killed, and the pids that would not go. */
export type Killed = { readonly found: boolean; readonly stuck: readonly number[] };

/** A text that no other process with this pid ever has; null where the system cannot say. */
export async function startTimeOf(pid: number): Promise<string | null> {
  if (process.platform === 'win32') return null;
  if (process.platform === 'linux') {
    const found = statOf(pid);
    // Ticks count from boot, so they alone could repeat after one.
    return (
      found && `${found.startTime}@${(await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()}`
    );
  }
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env });
    return stdout.trim() || null;
  } catch {
    // ps fails for a pid that does not exist.
    return null;
  }
}

/**
 * After a crash, from a new process: kills what a lost call left running (TOOL-5). The group is touched only while its
 * leader is provably the recorded process; on Linux everything else is known by its environment.
 * Resolves with the pids that could not be killed.
 */
export async function killSurvivors(lost: Process, callId: string): Promise<readonly number[]> {
  const same = lost.startedAt !== null && (await startTimeOf(lost.pid)) === lost.startedAt;
  return (await killTree(lost, callId, { groupIsOurs: same })).stuck;
}

/**
 * Kills the process group that `leader` made (unless that may be someone else's by now) and, on Linux, whatever left
 * the group (setsid) but carries the call's mark; what ends within `grace` milliseconds is left to end.
 */
export async function killTree(
  leader: Process,
  callId: string,
  { grace = 0, groupIsOurs = true } = {},
): Promise<Killed> {
  const began = performance.now();
  let found = false;
  for (let looks = 1; ; looks += 1) {
    const { alive, unsure } = await look(leader, callId, groupIsOurs);
    const waited = performance.now() - began;
    if (alive.length === 0 && (!unsure || looks > 2)) return { found, stuck: [] };
    if (waited > grace + patience) return { found, stuck: alive };
    if (alive.length > 0 && waited >= grace) {
      found = true;
      // The group in one go: killed one by one, a member could fork between two of them.
      if (groupIsOurs) kill(-leader.pid);
      for (const pid of alive) kill(pid);
    }
    await delay(Math.min(2 ** looks, 50));
  }
}

/** Sends SIGKILL. That it is already gone, or another user's, shows when its group is looked at again. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(codeOf(error))) throw error;
  }
}

/**
 * Live processes of the tool. Where processes cannot be listed, the negative group id stands for all of them.
 * Unsure: one that began later has no environment, as in the moment of starting a program.
 */
async function look(leader: Process, callId: string, groupIsOurs: boolean) {
  if (process.platform !== 'linux') {
    const alive = groupIsOurs && exists(-leader.pid) ? [-leader.pid] : [];
    return { alive, unsure: false };
  }
  const since = Number.parseInt(leader.startedAt ?? '0', 10);
  const younger = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => statOf(Number(name)) ?? [])
    .filter((found) => !found.dead && Number(found.startTime) >= since);
  const alive: number[] = [];
  let unsure = false;
  for (const { pid, group } of younger) {
    const environment = groupIsOurs && group === leader.pid ? null : await environmentOf(pid);
    if (environment === null || environment.includes(`${callVariable}=${callId}`)) alive.push(pid);
    else unsure ||= environment.length === 0;
  }
  return { alive, unsure };
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * From /proc/<pid>/stat (proc(5)), fields 3, 5 and 22; the name in field 2 may itself contain spaces and brackets.
 * Read synchronously: it never waits, and for all processes costs a fifth of what it does through the thread pool.
 */
function statOf(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, dead: /[ZX]/.test(fields[0] ?? ''), group: Number(fields[2]), startTime: fields[19] ?? '' };
  } catch (error) {
    if (gone.includes(codeOf(error))) return null;
    throw error;
  }
}

/** One entry that matches nothing for a process that has gone or is not ours to read. */
async function environmentOf(pid: number): Promise<readonly string[]> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter(Boolean);
  } catch (error) {
    if ([...gone, 'EACCES', 'EPERM'].includes(codeOf(error))) return [''];
    throw error;
  }
}
