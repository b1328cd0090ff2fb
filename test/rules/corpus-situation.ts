import { type Disk, placesOn } from '../../src/runtime/rules/shell/place.ts';
import type { Situation } from '../../src/runtime/rules/shell/situation.ts';
import { situation } from './corpus.ts';

const links = new Map<string, string>(Object.entries(situation.links));
const folders = new Set<string>([situation.cwd, situation.home, '/', ...situation.folders]);

const disk: Disk = {
  link: (path) => links.get(path) ?? null,
  kind: (path) => (folders.has(path) ? 'folder' : 'missing'),
  links: (folder) =>
    [...links.keys()]
      .filter((path) => path.slice(0, path.lastIndexOf('/')) === folder)
      .map((path) => path.slice(folder.length + 1)),
};

/** The corpus' own situation, made anew: what was looked up is remembered for one command only. */
export const corpusSituation = (): Situation => ({
  cwd: situation.cwd,
  home: situation.home,
  user: situation.user,
  farhandHome: situation.farhandHome,
  trusted: situation.trusted,
  isReplaced: () => false,
  ...placesOn(disk, { cwd: situation.cwd, denied: [situation.farhandHome], readable: [] }),
});
