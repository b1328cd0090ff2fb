import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gitLinks } from './git-index.ts';

/** Sections that only matter to commands that change something or talk to others, and those that only say how things look. */
const harmlessSections = new Set(
  (
    'advice alias am apply branch browser color column commit credential difftool fetch gc gitflow gui help http init ' +
    'mergetool pack pull push rebase receive rerere status tag transfer url user versionsort vscode'
  ).split(' '),
);

/** Settings, without the name of what they are about, that make nothing run where git only reads. */
const harmlessKeys = new Set(
  (
    'core.abbrev core.autocrlf core.bare core.bigfilethreshold core.checkstat core.commitgraph core.compression core.eol ' +
    'core.filemode core.hidedotfiles core.hookspath core.ignorecase core.logallrefupdates core.longpaths ' +
    'core.precomposeunicode core.preloadindex core.protecthfs core.protectntfs core.quotepath ' +
    'core.repositoryformatversion core.safecrlf core.sharedrepository core.sparsecheckout core.sparsecheckoutcone ' +
    'core.symlinks core.trustctime core.untrackedcache core.whitespace diff.algorithm diff.binary diff.colormoved ' +
    'diff.context diff.indentheuristic diff.interhunkcontext diff.mnemonicprefix diff.noprefix diff.renamelimit ' +
    'diff.renames diff.submodule diff.wordregex diff.xfuncname extensions.worktreeconfig lfs.access ' +
    'lfs.repositoryformatversion log.date log.decorate merge.conflictstyle merge.ff remote.fetch remote.mirror ' +
    'remote.prune remote.pushurl remote.tagopt remote.url submodule.active submodule.branch submodule.ignore submodule.url'
  ).split(' '),
);

type Setting = { readonly name: string; readonly value: string };

/**
 * [PERM-4] Whether git, begun in a folder, might run a program that the repository around it names where it only reads: by a setting, as
 * `core.fsmonitor` or a filter, or the hook that hears of a refreshed index. What cannot be told counts as yes.
 */
export function mayRunPrograms(folder: string, depth = 0): boolean {
  try {
    for (let around = folder; ; around = dirname(around)) {
      if (existsSync(join(around, '.git'))) return isRepositoryLoaded(around, depth);
      // git takes a folder that looks so for a repository without files, with all its settings.
      if (['HEAD', 'objects', 'refs'].every((name) => existsSync(join(around, name)))) return true;
      if (around === dirname(around)) return false;
    }
  } catch {
    return true;
  }
}

const deepest = 5;

function isRepositoryLoaded(top: string, depth: number): boolean {
  const own = gitFolder(top);
  const common = existsSync(join(own, 'commondir')) ? resolve(own, firstLine(join(own, 'commondir'))) : own;
  const files = [join(common, 'config'), join(common, 'config.worktree'), join(own, 'config.worktree')];
  const settings = files
    .filter((file) => existsSync(file))
    .map((file) => settingsIn(readFileSync(file, 'utf8')));
  if (settings.some((found) => found === null)) return true;
  const all = settings.flatMap((found) => found ?? []);
  if (!all.every(isHarmless)) return true;
  const hooks = all.filter(({ name }) => name === 'core.hookspath').map(({ value }) => resolve(top, value));
  if ([join(common, 'hooks'), ...hooks].some((path) => existsSync(join(path, 'post-index-change'))))
    return true;
  const index = join(own, 'index');
  const links = existsSync(index) ? gitLinks(readFileSync(index)) : [];
  if (links === null || (links.length > 0 && depth >= deepest)) return true;
  return links.some(
    (path) => existsSync(join(top, path, '.git')) && mayRunPrograms(join(top, path), depth + 1),
  );
}

/** A worktree or a part of another repository has a file that names it. */
function gitFolder(top: string): string {
  const place = join(top, '.git');
  return statSync(place).isDirectory() ? place : resolve(top, firstLine(place).replace(/^gitdir: /, ''));
}

const firstLine = (path: string): string => readFileSync(path, 'utf8').split('\n')[0]?.trim() ?? '';

function isHarmless({ name, value }: Setting): boolean {
  if (name === 'core.fsmonitor') return /^(true|false)$/i.test(value);
  return harmlessSections.has(name.split('.')[0] ?? '') || harmlessKeys.has(name);
}

/** The settings of a file by section and key, both small; null where a line is not understood. */
export function settingsIn(text: string): readonly Setting[] | null {
  const settings: Setting[] = [];
  let section: string | null = null;
  for (const line of text.split('\n')) {
    const [, named, after] = /^\s*\[\s*([\w.-]+)\s*(?:"(?:[^"\\]|\\.)*")?\s*\](.*)$/.exec(line) ?? [];
    if (named !== undefined) section = named.toLowerCase().split('.')[0] ?? null;
    const rest = (after ?? line).trim();
    if (rest === '' || rest.startsWith('#') || rest.startsWith(';')) continue;
    const [, key, value = ''] = /^([A-Za-z][\w-]*)\s*(?:=\s*(.*))?$/.exec(rest) ?? [];
    if (key === undefined || section === null || value.endsWith('\\')) return null;
    settings.push({ name: `${section}.${key.toLowerCase()}`, value: value.replace(/^"(.*)"$/, '$1') });
  }
  return settings;
}
