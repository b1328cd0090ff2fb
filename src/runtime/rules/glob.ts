import { isProtectedName } from './protected.ts';

/**
 * Whether a path lies where a glob says; both absolute, with forward slashes. `*` and `?` stay within a name, `**` is any number of
 * folders, also none, and `{a,b}` one of several.
 * `wide`, for what forbids: a pattern that names a folder holds for everything in it.
 * `guarded`, for what allows: no wildcard stands for a protected name, which has to be written out.
 */
export function globFits(
  glob: string,
  path: string,
  how: { readonly wide?: boolean; readonly guarded?: boolean } = {},
): boolean {
  const names = path.split('/').filter((name) => name !== '');
  return alternatives(glob).some((one) => {
    const parts = one.split('/').filter((part) => part !== '');
    if (how.wide) parts.push('**');
    return partsFit(parts, names, how.guarded ?? false);
  });
}

/** Row by row over the parts, so that no pattern takes more than parts × names steps. */
function partsFit(parts: readonly string[], names: readonly string[], guarded: boolean): boolean {
  const free = (name: string) => !(guarded && isProtectedName(name));
  let reached: boolean[] = [true, ...names.map(() => false)];
  for (const part of parts) {
    const next: boolean[] = [];
    for (let at = 0; at <= names.length; at++) {
      const name = names[at - 1];
      if (part === '**')
        next.push((reached[at] ?? false) || (name !== undefined && (next[at - 1] ?? false) && free(name)));
      else
        next.push(
          name !== undefined &&
            (reached[at - 1] ?? false) &&
            (part === name || (free(name) && nameFits(part, name))),
        );
    }
    reached = next;
  }
  return reached[names.length] ?? false;
}

/** `*` and `?` in one name; goes back to the last star only, which is enough. */
function nameFits(part: string, name: string): boolean {
  let [p, n, star, from] = [0, 0, -1, 0];
  while (n < name.length) {
    if (part[p] === '*') {
      star = p++;
      from = n;
    } else if (part[p] === '?' || part[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star !== -1) {
      p = star + 1;
      n = ++from;
    } else return false;
  }
  while (part[p] === '*') p += 1;
  return p === part.length;
}

const most = 64;

/** What the braces of a glob stand for; beyond a bound they are taken as they stand, and fit nothing but that. */
function alternatives(glob: string): readonly string[] {
  let open = [glob];
  for (let round = 0; round < most; round++) {
    const next = open.flatMap((one) => {
      const [whole, before = '', inside = '', after = ''] = /^([^{]*)\{([^{}]*)\}(.*)$/s.exec(one) ?? [];
      return whole === undefined ? [one] : inside.split(',').map((choice) => before + choice + after);
    });
    if (next.length > most || next.every((one, n) => one === open[n])) return open;
    open = next;
  }
  return open;
}

const magic = /[*?{}]/;

/** The folders that a glob begins with and that it names literally. */
export function literalPart(glob: string): { readonly folder: string; readonly rest: string } {
  const parts = glob.split('/');
  const first = parts.findIndex((part) => magic.test(part));
  const end = first === -1 ? parts.length : first;
  return { folder: parts.slice(0, end).join('/') || '/', rest: parts.slice(end).join('/') };
}

export const isMagic = (text: string): boolean => magic.test(text);
