import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Passed on to every tool (locale variables are), so that the tools of one run are told from those of another. */
export const runVariable = 'LC_FARHAND_RUN';

const patienceMs = 3_000;

/** Processes of that run that are there and stay, as their command lines; only Linux shows them, elsewhere none is found. */
export async function survivorsOf(run: string): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = process.platform === 'linux' ? marked(run) : [];
    if (found.length === 0 || performance.now() > deadline) return found;
    await pause(20);
  }
}

function marked(run: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const environment = read(`/proc/${pid}/environ`).split('\0');
    const isTool = environment.some((entry) => entry.startsWith('FARHAND_TOOL_CALL='));
    if (!isTool || !environment.includes(`${runVariable}=${run}`)) return [];
    return [`${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200)}`];
  });
}

/** Empty when the process has gone or is not ours. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
