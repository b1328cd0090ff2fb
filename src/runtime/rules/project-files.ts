import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../tools/errno.ts';
import { type RuleKind, ruleKinds } from './rule.ts';

/** What the files of one folder say about permissions; they came with the project, so anybody may have written them. */
export type ProjectFiles = {
  /** Real and absolute. */
  readonly folder: string;
  readonly entries: readonly Entry[];
  /** For people: what of it cannot be used. */
  readonly warnings: readonly string[];
  /** Of the content of all of them: what the person trusts. */
  readonly hash: string;
};
export type Entry = { readonly kind: RuleKind; readonly text: string; readonly file: string };

type Source = {
  readonly file: string;
  readonly key: string;
  translate(text: string, kind: RuleKind): string;
};

const sources: readonly Source[] = [
  { file: '.farhand/settings.json', key: 'rules', translate: (text) => text },
  { file: '.letta/settings.json', key: 'permissions', translate: fromOthers },
  { file: '.claude/settings.json', key: 'permissions', translate: fromOthers },
];

/**
 * Where other programs write differently: `Bash(ls *)` means whatever follows, `//` begins an absolute path and `/` one in the project,
 * and a lone name is meant at any depth.
 */
function fromOthers(text: string, kind: RuleKind): string {
  const [, tool, inner] = /^(\w+)\((.*)\)$/s.exec(text) ?? [];
  if (tool === undefined || inner === undefined || inner.startsWith('domain:')) return text;
  if (tool === 'Bash') return inner === '*' ? tool : `Bash(${inner.replace(/ \*$/, ':*')})`;
  if (inner.startsWith('//')) return `${tool}(${inner.slice(1)})`;
  if (inner.startsWith('/')) return `${tool}(${inner.slice(1) || '**'})`;
  return kind === 'allow' || inner.includes('/') ? text : `${tool}(**/${inner})`;
}

/** The folders whose files hold for a working directory, the nearest first: up to the repository's root, else to below `home`. */
export function projectFolders(cwd: string, home: string): readonly string[] {
  const above: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (folder === home || dirname(folder) === folder) break;
    above.push(folder);
    if (existsSync(join(folder, '.git'))) break;
  }
  return above.length === 0 ? [cwd] : above;
}

/** What is remembered "in this project" holds here, and below: the root of the repository, else the working directory itself. */
export function projectOf(cwd: string, home: string): string {
  const root = projectFolders(cwd, home).at(-1) ?? cwd;
  return existsSync(join(root, '.git')) ? root : cwd;
}

/** Null where a folder has none. `own`: Farhand's home, whose settings are the person's. */
export function projectFilesIn(folder: string, own: string): ProjectFiles | null {
  const entries: Entry[] = [];
  const warnings: string[] = [];
  const hash = createHash('sha256');
  let found = false;
  for (const { file, key, translate } of sources) {
    const path = join(folder, file);
    if (dirname(path) === own) continue;
    const content = contentOf(path);
    if (content === null) continue;
    found = true;
    if (typeof content !== 'string') {
      warnings.push(`${path} is ignored: it cannot be read (${content.problem}).`);
      continue;
    }
    hash.update(`${file}\0${Buffer.byteLength(content)}\0${content}`);
    const rules = rulesIn(content, key);
    if ('problem' in rules) {
      warnings.push(`${path} is ignored: ${rules.problem}.`);
      continue;
    }
    for (const kind of ruleKinds) {
      const texts = rules[kind] ?? [];
      if (!Array.isArray(texts)) warnings.push(`${key}.${kind} of ${path} is ignored: it is not a list.`);
      else
        for (const text of texts)
          if (typeof text === 'string')
            entries.push({ kind, text: translate(text.trim(), kind), file: path });
          else warnings.push(`An entry of ${key}.${kind} of ${path} is ignored: it is not text.`);
    }
  }
  return found ? { folder, entries, warnings, hash: hash.digest('hex') } : null;
}

function contentOf(path: string): string | { readonly problem: string } | null {
  try {
    // Most folders have none, and an error costs a hundred times what an answer does.
    if (!statSync(path, { throwIfNoEntry: false })) return null;
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return null;
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function rulesIn(
  content: string,
  key: string,
): Readonly<Record<string, unknown>> | { readonly problem: string } {
  try {
    const value: unknown = JSON.parse(content);
    if (!isObject(value)) return { problem: 'it is not a JSON object' };
    const rules = value[key] ?? {};
    return isObject(rules) ? rules : { problem: `its ${key} are not an object` };
  } catch (error) {
    return { problem: `it is not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
