import { posix } from 'node:path';
import type { Suggestion } from '../../core/facts.ts';
import type { Deed, Match } from '../tools/tool.ts';
import { evaluate } from './evaluate.ts';
import { isMagic } from './glob.ts';
import { isProtected } from './protected.ts';
import { fits } from './rule.ts';
import { placed, type RuleSet } from './rule-set.ts';
import { quoteWords } from './words.ts';

/** A rule that would free a deed, and what it frees in words. */
type Offer = { readonly rule: string; readonly frees: string };

const mostRules = 3;
const longest = 300;

/**
 * Which decisions about a call may be remembered (PERM-6). None where one deed of it is for a person every time, or cannot be said in a
 * rule: half an answer would be asked for again all the same.
 */
export function suggestionsFor(tool: string, deeds: readonly Deed[], set: RuleSet): readonly Suggestion[] {
  if (set.broken !== null) return [];
  const asked = deeds.filter((deed) => evaluate(tool, [deed], set).standard.verdict !== 'allow');
  if (asked.length === 0) return [];
  const usual = asked.map((deed) => usualOffer(tool, deed, set));
  const exact = asked.map((deed) => exactOffer(tool, deed, set));
  const byDefault = suggestion('save-default', usual, 'project', tool, asked, set);
  if (!byDefault) return [];
  const narrower = suggestion('save-exact', exact, 'project', tool, asked, set);
  const isNarrower = narrower && narrower.rules.join() !== byDefault.rules.join();
  const wider = asked.every(({ reach }) => reach === 'network')
    ? suggestion('save-everywhere', usual, 'everywhere', tool, asked, set)
    : null;
  return [byDefault, ...(isNarrower ? [narrower] : []), ...(wider ? [wider] : [])];
}

/** Null where not every deed has a rule, or where the rules would not do: then there is nothing to offer. */
function suggestion(
  id: string,
  offers: readonly (Offer | null)[],
  where: Suggestion['where'],
  tool: string,
  asked: readonly Deed[],
  set: RuleSet,
): Suggestion | null {
  const known = offers.filter((offer) => offer !== null);
  const rules = [...new Set(known.map(({ rule }) => rule))];
  const texts = [...new Set(known.map(({ frees }) => frees))];
  const and = texts[0]?.startsWith("don't") ? 'and ' : '';
  const text = `Yes, ${and}${joined(texts)} ${where === 'project' ? 'in this project' : 'everywhere'}`;
  const isUsable = rules.length <= mostRules && text.length <= longest;
  return isUsable && wouldDo(rules, tool, asked, set) ? { id, text, rules, where } : null;
}

/** What is offered is tried first: a rule that would not be understood, or would not free the call, is none to offer. */
function wouldDo(rules: readonly string[], tool: string, asked: readonly Deed[], set: RuleSet): boolean {
  const { project: base, home } = set;
  const usable = rules.flatMap((text) => {
    const rule = placed({ kind: 'allow', text, base, home, from: { yours: true, where: base } });
    return 'problem' in rule ? [] : [rule];
  });
  const fitting = asked.every((deed) => usable.some((rule) => fits(rule, tool, deed, home) === 'yes'));
  const freed = { ...set, rules: [...set.rules, ...usable] };
  return fitting && evaluate(tool, asked, freed).standard.verdict === 'allow';
}

const joined = (texts: readonly string[]): string =>
  texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;

/** As wide as is usual: a sub-command, a folder, a domain. */
function usualOffer(tool: string, deed: Deed, set: RuleSet): Offer | null {
  const { match } = deed;
  if (match?.kind === 'command') {
    const prefix = knownPrefix(match);
    return prefix
      ? {
          rule: `Bash(${quoteWords(prefix)}:*)`,
          frees: `don't ask again for '${quoteWords(prefix)}' commands`,
        }
      : exactOffer(tool, deed, set);
  }
  if (match?.kind === 'path' && deed.reach === 'edit-inside') return folderOffer(match.path, set);
  return exactOffer(tool, deed, set);
}

function exactOffer(tool: string, deed: Deed, set: RuleSet): Offer | null {
  const { match, reach } = deed;
  switch (match?.kind) {
    case 'command': {
      const words = match.words.filter((word) => word !== null);
      const text = quoteWords(words);
      return words.length === match.words.length && isPlain(text)
        ? { rule: `Bash(${text})`, frees: `don't ask again for '${text}'` }
        : null;
    }
    case 'path':
      return pathOffer(match.path, reach, tool, set);
    case 'host':
      return { rule: `${tool}(domain:${match.host})`, frees: `don't ask again for ${match.host}` };
    case undefined:
      // What a command does that is no command has no name to be remembered by.
      return tool === 'Bash' ? null : { rule: tool, frees: `allow every call of ${tool}` };
  }
}

/** All of a folder of the project; where a file lies beside its folders, only what does so too. */
function folderOffer(path: string, { project }: RuleSet): Offer | null {
  const folder = posix.relative(project, posix.dirname(path));
  if (isMagic(folder) || folder.startsWith('..') || !isPlain(folder)) return null;
  return folder === ''
    ? { rule: 'Edit(*)', frees: 'allow editing files at the top level' }
    : { rule: `Edit(${folder}/**)`, frees: `allow editing files in ${folder}/` };
}

const searching = new Set(['Glob', 'Grep', 'LS']);

function pathOffer(path: string, reach: Deed['reach'], tool: string, { project }: RuleSet): Offer | null {
  if (isMagic(path) || !isPlain(path)) return null;
  if (reach.startsWith('edit')) {
    const inside = posix.relative(project, path);
    const shown = inside.startsWith('..') ? path : inside;
    const why = isProtected(project, path) ? ' (it may let others run code)' : '';
    return { rule: `Edit(${shown})`, frees: `allow editing ${shown}${why}` };
  }
  return searching.has(tool)
    ? { rule: `Read(${path}/**)`, frees: `allow reading files in ${path}/` }
    : { rule: `Read(${path})`, frees: `allow reading ${path}` };
}

/** Nothing that a person could not see for what it is. */
const isPlain = (text: string): boolean => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);

const anySubcommand = {
  git: 'add branch cherry-pick commit merge mv revert status switch tag'.split(' '),
  docker: 'images inspect logs ps'.split(' '),
  kubectl: 'describe get logs'.split(' '),
  npm: ['test'],
  pnpm: ['test'],
  yarn: ['test'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
const scriptRunners = new Set(['npm', 'pnpm', 'yarn', 'bun']);

/**
 * The words that say what a command does, where whatever follows them changes little: no interpreter is among these, and no sub-command
 * that is told by an option which program to run or which file to write: git's `diff`, `log`, `show`, `blame` and `stash` are asked for these alone.
 */
function knownPrefix({ words }: Extract<Match, { kind: 'command' }>): readonly string[] | null {
  const [program, sub, script] = words;
  if (program == null || sub == null || words.includes(null)) return null;
  if (scriptRunners.has(program) && sub === 'run' && script != null && /^[\w:.-]+$/.test(script))
    return script.startsWith('-') ? null : [program, sub, script];
  const subs: readonly string[] = Object.hasOwn(anySubcommand, program)
    ? anySubcommand[program as keyof typeof anySubcommand]
    : [];
  return subs.includes(sub) ? [program, sub] : null;
}
