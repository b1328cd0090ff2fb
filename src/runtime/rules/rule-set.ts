import { posix } from 'node:path';
import type { Mode } from '../../protocol/modes.ts';
import type { RuleTexts, Settings } from '../settings/settings.ts';
import type { SettingsFile } from '../settings/settings-file.ts';
import { contains } from '../tools/paths.ts';
import { literalPart } from './glob.ts';
import { projectFilesIn, projectFolders, projectOf } from './project-files.ts';
import { realPath, realPaths } from './real-path.ts';
import { type Origin, type Placed, parseRule, type RuleKind, ruleKinds } from './rule.ts';

/** Everything that holds in one working directory. */
export type RuleSet = {
  readonly rules: readonly Placed[];
  /** Rules that allow, of project files that the person has not trusted as they are now: they do not count. */
  readonly idle: readonly Placed[];
  /** Folders whose files the person may trust, with the hash of what they say now. */
  readonly files: readonly { readonly folder: string; readonly hash: string; readonly trusted: boolean }[];
  /** Where "in this project" is. */
  readonly project: string;
  /** The person's home; both are real and absolute. */
  readonly home: string;
  readonly ceiling: Mode | null;
  /** Why the person's own rules cannot be relied on, so that nothing is freed by them; null: they can. */
  readonly broken: string | null;
  /** For people: what is ignored. */
  readonly warnings: readonly string[];
};

export type Around = {
  readonly settings: Pick<SettingsFile, 'read'>;
  /** Farhand's home. */
  readonly farhand: string;
  /** The person's. */
  readonly home: string;
};

/** Collects the rules for a working directory: the person's own, and those that came with the project. */
export function collectRules(around: Around, folder: string): RuleSet {
  const real = realPaths();
  const [cwd, home, farhand] = [real(folder), real(around.home), real(around.farhand)];
  const project = projectOf(cwd, home);
  const warnings: string[] = [];
  const own = ownRules(around.settings, { cwd, project, home, real });
  const theirs: Placed[] = [];
  const idle: Placed[] = [];
  const files: RuleSet['files'][number][] = [];
  for (const base of projectFolders(cwd, home)) {
    const found = projectFilesIn(base, farhand);
    if (!found) continue;
    const trusted = own.trust(base) === found.hash;
    files.push({ folder: base, hash: found.hash, trusted });
    warnings.push(...found.warnings);
    for (const { kind, text, file } of found.entries) {
      const rule = placed({ kind, text, base, home, from: { yours: false, where: file } }, real);
      if ('problem' in rule) warnings.push(`${rule.problem} It stands in ${file} and is ignored.`);
      else (kind !== 'allow' || trusted ? theirs : idle).push(rule);
    }
  }
  const { rules, ceiling, broken } = own;
  const all = [...rules, ...theirs];
  return {
    rules: all,
    idle,
    files,
    project,
    home,
    ceiling,
    broken,
    warnings: [...own.warnings, ...warnings],
  };
}

type Place = {
  readonly cwd: string;
  readonly project: string;
  readonly home: string;
  real(path: string): string;
};
type Own = Pick<RuleSet, 'rules' | 'ceiling' | 'broken' | 'warnings'> & {
  trust(folder: string): string | undefined;
};

function ownRules(file: Around['settings'], place: Place): Own {
  let settings: Settings;
  try {
    settings = file.read();
  } catch (error) {
    const broken = error instanceof Error ? error.message : String(error);
    return { rules: [], ceiling: null, broken, warnings: [], trust: () => undefined };
  }
  const rules: Placed[] = [];
  const warnings: string[] = [];
  let broken: string | null = null;
  const take = (texts: RuleTexts | undefined, base: string, where: string | null) => {
    for (const kind of ruleKinds) {
      for (const text of texts?.[kind] ?? []) {
        const rule = placed({ kind, text, base, home: place.home, from: { yours: true, where } }, place.real);
        if (!('problem' in rule)) rules.push(rule);
        // Nobody can say what it would have forbidden.
        else if (kind !== 'allow') broken ??= rule.problem;
        else warnings.push(`${rule.problem} It is ignored.`);
      }
    }
  };
  take(settings.rules, place.project, null);
  const projects = Object.entries(settings.projects ?? {}).map(([path, entry]) => ({
    ...entry,
    path: place.real(path),
  }));
  for (const { path, rules: texts } of projects) if (contains(path, place.cwd)) take(texts, path, path);
  const trust = (folder: string) => projects.find(({ path }) => path === folder)?.trusted;
  return { rules, ceiling: settings.ceiling ?? null, broken, warnings, trust };
}

type Written = {
  readonly kind: RuleKind;
  readonly text: string;
  /** What relative paths start from. */
  readonly base: string;
  readonly home: string;
  readonly from: Origin;
};

/** Puts a rule in force. */
export function placed(
  { kind, text, base, home, from }: Written,
  real = realPath,
): Placed | { readonly problem: string } {
  const rule = parseRule(text);
  if ('problem' in rule) return rule;
  const globs = rule.pattern.kind === 'glob' ? globsOf(rule.pattern.glob, kind, base, home, real) : [];
  return { ...rule, kind, globs, from };
}

/** [PERM-3] Calls are known by where their paths lead. What is forbidden stays so behind a link; what is allowed does not move with one. */
function globsOf(
  glob: string,
  kind: RuleKind,
  base: string,
  home: string,
  real: (path: string) => string,
): readonly string[] {
  const whole =
    glob === '~' || glob.startsWith('~/') ? posix.join(home, glob.slice(1)) : posix.resolve(base, glob);
  if (kind === 'allow') return [whole];
  const { folder, rest } = literalPart(whole);
  return [...new Set([whole, posix.join(real(folder), rest)])];
}
