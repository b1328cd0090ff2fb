import type { Deed, Match } from '../tools/tool.ts';
import { globFits } from './glob.ts';
import { anyWord, type PatternWord, splitWords } from './words.ts';

export const ruleKinds = ['deny', 'ask', 'allow'] as const;
export type RuleKind = (typeof ruleKinds)[number];

export type Pattern =
  /** Every call of the tool. */
  | { readonly kind: 'all' }
  /** The words of a simple command; `open`: and whatever follows. */
  | { readonly kind: 'words'; readonly words: readonly PatternWord[]; readonly open: boolean }
  /** Relative to where it was written for, absolute, or below the person's home (`~/`). */
  | { readonly kind: 'glob'; readonly glob: string }
  /** The host itself and those below it. */
  | { readonly kind: 'domain'; readonly domain: string };

export type Rule = {
  /** As the person wrote it. */
  readonly text: string;
  readonly tool: string;
  readonly pattern: Pattern;
};

/** A rule that is in force. */
export type Placed = Rule & {
  readonly kind: RuleKind;
  /** Absolute, one or more: as written, and for what forbids also where its links lead. */
  readonly globs: readonly string[];
  readonly from: Origin;
};

/** `yours`: it stands in the person's settings, for the project `where`, or for everything (null). Else it came with a project, in the file `where`. */
export type Origin =
  | { readonly yours: true; readonly where: string | null }
  | { readonly yours: false; readonly where: string };

/** For people: `your rule Bash(npm test) for /work/project`. */
export function nameOf({ text, from }: Pick<Placed, 'text' | 'from'>): string {
  if (!from.yours) return `the rule ${text} of ${from.where}`;
  return from.where === null ? `your rule ${text}` : `your rule ${text} for ${from.where}`;
}

/** `maybe`: it cannot be known, and nobody may count on it. */
export type Fit = 'yes' | 'maybe' | 'no';

/** Reads a rule: `Tool`, or `Tool(pattern)`. A problem says what is wrong, in words. */
export function parseRule(text: string): Rule | { readonly problem: string } {
  const problem = (why: string) => ({ problem: `The rule ${JSON.stringify(text)} cannot be read: ${why}.` });
  const [whole, tool = '', inner] = /^\s*([A-Za-z_][\w.:-]*)\s*(?:\((.*)\))?\s*$/s.exec(text) ?? [];
  if (whole === undefined)
    return problem('a rule is a tool, as Edit, or a tool with a pattern, as Edit(docs/**)');
  const pattern = inner === undefined ? ({ kind: 'all' } as const) : parsePattern(tool, inner.trim());
  return typeof pattern === 'string' ? problem(pattern) : { text: text.trim(), tool, pattern };
}

function parsePattern(tool: string, inner: string): Pattern | string {
  if (inner === '') return 'there is nothing between the parentheses';
  if (inner.startsWith('domain:')) return parseDomain(inner.slice('domain:'.length).trim());
  if (tool === 'WebFetch')
    return 'what can be said of WebFetch is its domain, as WebFetch(domain:example.com)';
  return tool === 'Bash' ? parseCommand(inner) : { kind: 'glob', glob: inner };
}

function parseDomain(text: string): Pattern | string {
  const domain = text.toLowerCase().replace(/\.$/, '');
  return /^(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^\[[0-9a-f:.]+\]$/.test(domain)
    ? { kind: 'domain', domain }
    : `${JSON.stringify(text)} is no domain; sub-domains are meant without saying so`;
}

function parseCommand(text: string): Pattern | string {
  if (text === '*' || text === ':*') return { kind: 'all' };
  const open = text.endsWith(':*');
  const words = splitWords(open ? text.slice(0, -2) : text);
  if (typeof words === 'string') return words;
  return words.length === 0 ? 'there is no command in it' : { kind: 'words', words, open };
}

/**
 * Whether a rule speaks of a deed of a call. What forbids is read widely, what allows narrowly: where a deed is not known for sure, a
 * rule that denies or asks may fit and one that allows does not.
 * `Read`, `Edit` and `Bash` mean reading files, changing them and running commands by whatever tool. `home`: the person's own.
 */
export function fits(rule: Placed, tool: string, deed: Deed, home: string): Fit {
  const { pattern, kind } = rule;
  const { match } = deed;
  if (rule.tool !== tool && !isFamily(rule.tool, deed)) return 'no';
  const wide = kind !== 'allow';
  switch (pattern.kind) {
    case 'all':
      return 'yes';
    case 'glob': {
      const how = wide ? { wide } : { guarded: deed.reach.startsWith('edit') };
      return answer(match?.kind === 'path' && rule.globs.some((glob) => globFits(glob, match.path, how)));
    }
    case 'domain':
      return answer(match?.kind === 'host' && isBelowDomain(match.host, pattern.domain));
    case 'words':
      if (match?.kind === 'command') return commandFits(pattern, match, wide, home);
      // What could not be understood may be anything.
      return answer(false, wide && match === null && hidden.has(deed.reach));
  }
}

const hidden: ReadonlySet<Deed['reach']> = new Set(['execute', 'grave']);

const answer = (does: boolean, may = false): Fit => (does ? 'yes' : may ? 'maybe' : 'no');

function isFamily(family: string, { reach, match, witness }: Deed): boolean {
  if (match?.kind === 'command') return family === 'Bash';
  if (match?.kind !== 'path') return false;
  const use = witness?.use ?? reach.split('-', 1)[0];
  return (family === 'Read' && use === 'read') || (family === 'Edit' && use === 'edit');
}

const isBelowDomain = (host: string, domain: string): boolean => {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === domain || name.endsWith(`.${domain}`);
};

type Words = Extract<Pattern, { kind: 'words' }>;
type Said = readonly (string | null)[];
type Same = (wanted: PatternWord, word: string | undefined) => boolean;

function commandFits(
  { words, open }: Words,
  match: Extract<Match, { kind: 'command' }>,
  wide: boolean,
  home: string,
) {
  const same: Same = (wanted, word) =>
    word !== undefined &&
    (wanted === anyWord || wanted === word || (wanted.startsWith('~/') && home + wanted.slice(1) === word));
  const [program = null, ...rest] = match.words;
  // `/usr/bin/git` is git to who forbids it, and any program to who allows `git`.
  const said: Said = wide ? [program?.replace(/^.*\//, '') ?? null, ...rest] : match.words;
  for (const [n, wanted] of words.entries()) {
    const word = said[n];
    // It may be any number of words.
    if (word === null) return wide ? 'maybe' : 'no';
    if (!same(wanted, word)) return answer(false, wide && fitsAroundOptions(words, open, said, same));
  }
  if (open || said.length === words.length) return 'yes';
  return answer(false, wide && isOption(said[words.length]));
}

/** `git -C elsewhere push` may be what `git push` forbids: options, with what may belong to them, stand between its words. */
function fitsAroundOptions(wanted: readonly PatternWord[], open: boolean, said: Said, same: Same): boolean {
  let at = -1;
  for (const next of wanted) {
    const found = said.findIndex((word, n) => n > at && (word === null || same(next, word)));
    if (found === -1 || (found > at + 1 && (at === -1 || !isOption(said[at + 1])))) return false;
    at = found;
  }
  return open || at === said.length - 1 || isOption(said[at + 1]);
}

/** What cannot be known may be one. */
const isOption = (word: string | null | undefined): boolean =>
  word === null || (word?.startsWith('-') ?? false);
