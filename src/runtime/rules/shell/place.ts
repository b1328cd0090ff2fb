import { isProtected, isSecret } from '../protected.ts';
import type { ShellPlace, Situation } from './situation.ts';

/** What has to be known of the disk. Paths are absolute and normal. */
export type Disk = {
  /** Where a symbolic link leads, as it is written; null for all else. */
  link(path: string): string | null;
  kind(path: string): ShellPlace['kind'];
  /** The names of the symbolic links in a folder; null where there are too many names to look at. */
  links(folder: string): readonly string[] | null;
};

export type Surroundings = {
  readonly cwd: string;
  /** Folders that are nobody's to touch. */
  readonly denied: readonly string[];
  /** Folders below those that may be read. */
  readonly readable: readonly string[];
};

const mostLinks = 40;
const mostNames = 500;
const mostLookups = 20_000;

/** Whether `path` is `folder` or below it; both real. */
export const isIn = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

/** How the paths of one command lead to places on a disk, which is asked for each name once. */
export function placesOn(disk: Disk, around: Surroundings): Pick<Situation, 'place' | 'links'> {
  const known = new Map<string, string | null>();
  const places = new Map<string, ShellPlace | null>();
  let lookups = 0;

  const linkAt = (path: string): string | null => {
    const found = known.get(path);
    if (found !== undefined) return found;
    lookups += 1;
    const target = disk.link(path);
    known.set(path, target);
    return target;
  };

  /** As the kernel does: name by name, `..` from where a link has led. */
  const follow = (path: string): { real: string; isProcess: boolean } | null => {
    const ahead = path.split('/').reverse();
    let real = '/';
    let isProcess = false;
    let links = 0;
    let steps = 0;
    while (ahead.length > 0) {
      const name = ahead.pop() ?? '';
      if (++steps > mostNames || lookups > mostLookups) return null;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        real = real.slice(0, Math.max(1, real.lastIndexOf('/')));
        continue;
      }
      const next = real === '/' ? `/${name}` : `${real}/${name}`;
      // What its links lead to depends on the process that looks.
      if (next === '/proc') isProcess = true;
      const target = linkAt(next);
      if (target === null) {
        real = next;
        continue;
      }
      if (++links > mostLinks) return null;
      if (target.startsWith('/')) real = '/';
      ahead.push(...target.split('/').reverse());
    }
    return { real, isProcess };
  };

  const root = orNull(() => follow(around.cwd))?.real ?? around.cwd;
  const folded = (paths: readonly string[]) =>
    paths
      .flatMap((path) => [path, orNull(() => follow(path))?.real ?? path])
      .map((path) => path.toLowerCase());
  const denied = folded(around.denied);
  const readable = folded(around.readable);

  const look = (path: string): ShellPlace | null => {
    const found = follow(path);
    if (!found) return null;
    const { real, isProcess } = found;
    const inside = isIn(root, real) && !isProcess && !isSecret(root, real);
    // On some disks upper and lower case name the same file.
    const lower = real.toLowerCase();
    const isDenied = denied.some((folder) => isIn(folder, lower));
    return {
      real,
      inside,
      guarded: inside && isProtected(root, real),
      forbidden: isDenied,
      holdsForbidden: denied.some((folder) => folder !== lower && isIn(lower, folder)),
      readable: isDenied && readable.some((folder) => isIn(folder, lower)),
      shown: inside ? real.slice(root.length).replace(/^\//, '') || '.' : real,
      kind: disk.kind(real),
    };
  };

  return {
    place(path) {
      const before = places.get(path);
      if (before !== undefined) return before;
      const place = orNull(() => look(path));
      places.set(path, place);
      return place;
    },
    links: (folder) => orNull(() => disk.links(folder)),
  };
}

/** What the system does not let us look at cannot be told. */
function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
