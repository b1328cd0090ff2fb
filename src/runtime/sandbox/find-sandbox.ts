import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '../tools/errno.ts';
import { findProgram } from '../tools/find-program.ts';
import { bubblewrap } from './bubblewrap.ts';
import type { FoundSandbox, Sandbox } from './sandbox.ts';
import { sandboxExec, seatbelt } from './seatbelt.ts';

const patienceMs = 5_000;

/** Not PATH: whoever can write in one of its folders would bring a sandbox that confines nothing. */
const systemFolders =
  '/usr/bin:/usr/local/bin:/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/home/linuxbrew/.linuxbrew/bin';

let found: Promise<FoundSandbox> | undefined;

/** The sandbox of this system, if it has one that works. It is looked for once in a process. */
export function findSandbox(): Promise<FoundSandbox> {
  found ??= find();
  return found;
}

async function find(): Promise<FoundSandbox> {
  if (process.platform === 'darwin') return tried(seatbelt, async () => 'sandbox-exec comes with macOS.');
  if (process.platform !== 'linux') return { missing: `There is none for ${process.platform}.` };
  const program = await findProgram('bwrap', systemFolders);
  if (program === null)
    return {
      missing:
        'bubblewrap is not installed: `apt install bubblewrap`, `dnf install bubblewrap` or `pacman -S bubblewrap`.',
    };
  const devices = graphics(readdirSync('/dev')).map((name) => join('/dev', name));
  return tried(bubblewrap({ program, root: process.getuid?.() === 0, devices }), remedy);
}

export const graphics = (devices: readonly string[]): readonly string[] =>
  devices.filter((name) => /^(nvidia.*|dri|kfd|dxg)$/.test(name));

/** One that is there may still be forbidden to work, as it is in many containers. */
async function tried(sandbox: Sandbox, why: () => Promise<string>): Promise<FoundSandbox> {
  const everything = { path: '/', access: 'read', folder: true } as const;
  const around = { cwd: '/', network: false, empty: '/dev/null', standIn: (path: string) => path };
  const [program = sandboxExec, ...args] = sandbox.wrap(['true'], [everything], around);
  try {
    await promisify(execFile)(program, args, { timeout: patienceMs });
    return { sandbox };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return { missing: `${sandbox.name} does not work here (${said || codeOf(error)}). ${await why()}` };
  }
}

/** What most likely forbids user namespaces, and how to allow them. */
async function remedy(): Promise<string> {
  const [apparmor, clone, most] = await Promise.all(
    [
      'kernel/apparmor_restrict_unprivileged_userns',
      'kernel/unprivileged_userns_clone',
      'user/max_user_namespaces',
    ].map(sysctl),
  );
  if (apparmor === '1')
    return 'Ubuntu forbids it user namespaces: `sudo apt install apparmor-profiles`, then `sudo ln -s /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/` and `sudo systemctl reload apparmor`; or, for all programs, `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`.';
  if (clone === '0') return 'User namespaces are off: `sudo sysctl kernel.unprivileged_userns_clone=1`.';
  if (most === '0') return 'User namespaces are off: `sudo sysctl user.max_user_namespaces=15000`.';
  return 'In a container, allow it namespaces and a /proc of its own; with Docker: `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`.';
}

async function sysctl(name: string): Promise<string | null> {
  try {
    return (await readFile(join('/proc/sys', name), 'utf8')).trim();
  } catch {
    // A kernel without it forbids nothing by it.
    return null;
  }
}
