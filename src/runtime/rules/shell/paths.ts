import type { Reach } from '../../../core/permission.ts';
import {
  anything,
  beginning,
  type Field,
  literal,
  mayBeName,
  namesOf,
  type Piece,
  textOf,
} from './pieces.ts';
import { isIn } from './place.ts';
import { deed, type Shell, worse } from './shell.ts';
import type { ShellPlace } from './situation.ts';

export type Use = 'read' | 'edit';

/** What is there for everybody, and keeps nothing. */
const harmless = /^\/dev\/(null|zero|full|u?random|tty|stdin|stdout|stderr|fd\/\d+)$/;

/** Absolute, not normal: links count before `..` does. Null where the shell may be anywhere. */
export const absolutes = (path: string, shell: Shell): readonly string[] | null => {
  if (path.startsWith('/')) return [path];
  return shell.state.cwd ? shell.state.cwd.map((folder) => `${folder}/${path}`) : null;
};

/** What reading or changing a file is (PERM-3). What is read inside is told too, so that rules about files hold for it, unless it may be no file. */
export function reachOf(use: Use, word: Field, shell: Shell, isTold = true): Reach {
  const text = textOf(word);
  if (text === null) return reachOfPattern(use, word, shell);
  if (text === '' || text === '-') return `${use === 'read' || text === '-' ? 'read' : 'edit'}-inside`;
  if (harmless.test(text)) return 'read-inside';
  const paths = absolutes(text, shell);
  return paths ? worst(paths.map((path) => reachAt(use, path, shell, isTold))) : 'execute';
}

const worst = (reaches: readonly Reach[]): Reach => reaches.reduce(worse, 'read-inside');

function reachAt(use: Use, path: string, shell: Shell, isTold: boolean): Reach {
  const { situation, unsettled } = shell.run;
  const place = situation.place(path);
  if (!place || unsettled.some((folder) => place.real !== folder && isIn(folder, place.real)))
    return 'execute';
  const reach = reachOfPlace(use, place);
  if (isTold && reach === 'read-inside')
    shell.run.add('read-inside', place.shown, { kind: 'path', path: place.real });
  else shell.run.witness(place.real, place.shown, use, isTold);
  return reach;
}

export function reachOfPlace(use: Use, place: ShellPlace): Reach {
  if (use === 'read' && place.readable) return 'read-inside';
  if (place.forbidden) return 'forbidden';
  // Whoever changes a device may change all of a disk.
  if (use === 'edit' && isDevice(place.real)) return 'grave';
  return `${use}-${place.inside && !(use === 'edit' && place.guarded) ? 'inside' : 'outside'}`;
}

export const isDevice = (path: string): boolean =>
  path === '/proc/sysrq-trigger' ||
  (path.startsWith('/dev/') && !harmless.test(path) && !/^\/dev\/(shm|pts|mqueue)\//.test(path));

/** What reading all that lies in a folder adds to reading the folder: a look outside where something forbidden is there. */
export function reachOfTree(word: Field, shell: Shell): Reach {
  const text = textOf(word);
  const folder = text ?? `${beginning(word).replace(/[^/]*$/, '')}.`;
  const holds = absolutes(folder, shell)?.some((path) => shell.run.situation.place(path)?.holdsForbidden);
  return holds === false ? 'read-inside' : 'read-outside';
}

/** A pattern is understood in the last name alone: elsewhere what it finds may be a link to anywhere. */
function reachOfPattern(use: Use, word: Field, shell: Shell): Reach {
  if (namesForbidden(word, shell)) return 'forbidden';
  const names = namesOf(word.pieces);
  const last = names.at(-1) ?? [];
  const folder = literal(
    names
      .slice(0, -1)
      .flatMap((name) => [...name, '/'])
      .concat('.'),
  );
  if (word.splits || folder === null || last.includes(anything)) return 'execute';
  const paths = absolutes(folder, shell);
  if (!paths) return 'execute';
  return worst(paths.map((path) => reachInFolder(use, path, last, shell)));
}

function reachInFolder(use: Use, path: string, last: readonly Piece[], shell: Shell): Reach {
  const { situation } = shell.run;
  const place = situation.place(path);
  const links = place && (place.kind === 'folder' ? situation.links(place.real) : []);
  if (!place || !links) return 'execute';
  const found = links.filter((name) => mayBeName(last, name));
  if (mayBeName(last, '..')) found.push('..');
  const inFolder = reachOfPlace(use, place);
  // Of the names with a dot some are protected.
  const isHidden = use === 'edit' && typeof last[0] === 'string' && last[0].startsWith('.');
  const reaches = found.map((name) => reachAt(use, `${place.real}/${name}`, shell, true));
  return worst([inFolder, ...(isHidden ? ['edit-outside' as const] : []), ...reaches]);
}

/** Whether a word names a forbidden place, as itself or as what stands behind a `=`, `@` or `:` in it. */
export function namesForbidden(word: Field, shell: Shell, isReader = false): boolean {
  const text = literal(word.pieces);
  if (text === null) return patternNamesForbidden(word, shell);
  if (!/[/~]|farhand/i.test(text) || text.length > 4_096 || text.includes('\n')) return false;
  const parts = /[=@:,]/.test(text) ? [text, ...text.split(/[=@:,]/).slice(1)] : [text];
  const option = /^-\w(.*[/].*)$/.exec(text)?.[1];
  return [...parts, ...(option ? [option] : [])].some((part) => isForbidden(part, shell, isReader));
}

/** `tar -C folder name`: a name counts from the folder that an option gives. */
export function namesForbiddenIn(words: readonly Field[], shell: Shell): boolean {
  const texts = words.slice(0, 100).map((word) => literal(word.pieces) ?? '');
  const folders = texts.flatMap((text, n) => {
    const [, joined] = /^(?:-C|--(?:directory|cwd|prefix|chdir)=)(.+)/.exec(text) ?? [];
    return joined ?? (/^(-C|--(directory|cwd|prefix|chdir))$/.test(text) ? (texts[n + 1] ?? []) : []);
  });
  return folders.some((folder) =>
    texts.some((text) => !text.startsWith('-') && isForbidden(`${folder}/${text}`, shell, false)),
  );
}

function isForbidden(text: string, shell: Shell, isReader: boolean): boolean {
  const { situation } = shell.run;
  const path = text.startsWith('~/') ? situation.home + text.slice(1) : text;
  return (absolutes(path, shell) ?? []).some((each) => {
    const place = situation.place(each);
    return place?.forbidden && !(isReader && place.readable);
  });
}

function patternNamesForbidden({ pieces, splits }: Field, shell: Shell): boolean {
  if (splits && pieces.length === 1) return false;
  const wanted = shell.run.situation.farhandHome.split('/').slice(1);
  return (shell.state.cwd ?? ['']).some((folder) => {
    const isAbsolute = typeof pieces[0] === 'string' && pieces[0].startsWith('/');
    const names = normal(namesOf(isAbsolute ? pieces : [`${folder}/`, ...pieces]));
    return wanted.length <= names.length && wanted.every((name, n) => isLike(names[n] ?? [], name));
  });
}

/** Nothing at all is known of a name that is a variable: it names no place. */
const isLike = (name: readonly Piece[], wanted: string): boolean =>
  !(name.length === 1 && name[0] === anything) && mayBeName(name, wanted);

/** Without `.`, `..` and empty names, as the text says. */
export function normal(names: readonly (readonly Piece[])[]): readonly (readonly Piece[])[] {
  const kept: (readonly Piece[])[] = [];
  for (const name of names) {
    const text = literal(name);
    if (text === '..') kept.pop();
    else if (text !== '.' && name.length > 0) kept.push(name);
  }
  return kept;
}

/** A file that a redirection or a test names. */
export function touch(use: Use, word: Field, subject: string, shell: Shell): void {
  const reach = reachOf(use, word, shell);
  const text = textOf(word);
  const [path] = (text !== null && absolutes(text, shell)) || [];
  const place = path === undefined ? null : shell.run.situation.place(path);
  // What is read has been told; what is there for everybody is not worth telling.
  if (reach === 'read-inside') return;
  deed(shell, reach, subject, place && reach !== 'execute' ? { kind: 'path', path: place.real } : null);
}

const mostWords = 100;

/** What is there under the words of a command that is not understood: it may be read or changed. */
export function witnessAll(words: readonly Field[], shell: Shell): void {
  for (const word of words.slice(1, mostWords)) {
    const text = textOf(word)?.replace(/^--?[\w-]+=/, '');
    if (!text || text.startsWith('-') || text.length > 4_096 || text.includes('\n')) continue;
    for (const path of absolutes(text, shell) ?? []) {
      const place = shell.run.situation.place(path);
      if (place && place.kind !== 'missing')
        for (const use of ['read', 'edit'] as const) shell.run.witness(place.real, place.shown, use, false);
    }
  }
}
