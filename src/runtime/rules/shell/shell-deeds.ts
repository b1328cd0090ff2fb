import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Deed, ToolContext } from '../../tools/tool.ts';
import { analyse } from './analyse.ts';
import { mayRunPrograms } from './git-settings.ts';
import { type Disk, isIn, placesOn } from './place.ts';

type Around = Pick<ToolContext, 'cwd' | 'denied' | 'env'> & Partial<Pick<ToolContext, 'readable'>>;

/** [PERM-4] What a shell command does on this machine, begun in the working directory of a call. */
export function shellDeeds(command: string, context: Around): readonly Deed[] {
  const home = context.env.HOME ?? homedir();
  const denied = [...context.denied, `/proc/${process.pid}`];
  let trusted: boolean | undefined;
  const path = context.env.PATH ?? '';
  const replaced = programsIn(context.cwd, path);
  return analyse(command, {
    cwd: context.cwd,
    home,
    user: context.env.USER ?? context.env.LOGNAME ?? null,
    farhandHome: context.denied[0] ?? join(home, '.farhand'),
    // Looked at only where git is called.
    get trusted() {
      trusted ??= !mayRunPrograms(context.cwd);
      return trusted;
    },
    posix: !path.split(':').some((folder) => isThere(join(folder, 'bash'))),
    isReplaced: (program) => replaced.some((folder) => disk.kind(join(folder, program)) !== 'missing'),
    ...placesOn(disk, { cwd: context.cwd, denied, readable: context.readable ?? [] }),
  });
}

/** Where we may not look we may not run anything either. */
function isThere(path: string): boolean {
  try {
    return disk.kind(path) !== 'missing';
  } catch {
    return false;
  }
}

/** The folders of PATH that belong to the project, or to whichever folder a command is in. */
const programsIn = (cwd: string, path: string): readonly string[] =>
  path.split(':').flatMap((folder) => {
    if (!isAbsolute(folder)) return [resolve(cwd, folder)];
    return isIn(cwd, folder) ? [folder] : [];
  });

const mostNames = 10_000;

/** This machine's disk, looked at without following anything. What throws is a place that cannot be told. */
const disk: Disk = {
  link(path) {
    // Whose they are depends on who looks.
    if (path === '/proc/self' || path === '/proc/thread-self') return null;
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.isSymbolicLink() ? readlinkSync(path) : null;
  },
  kind(path) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return 'missing';
    return found.isDirectory() ? 'folder' : 'other';
  },
  links(folder) {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.length > mostNames) return null;
    return entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name);
  },
};
