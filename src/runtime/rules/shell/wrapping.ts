import type { Reach } from '../../../core/permission.ts';
import { type Call, done, type Outcome } from './call.ts';
import { isNotable, judge, tell } from './dispatch.ts';
import { isSensitive } from './expansions.ts';
import { parseOptions, reachOfOptions } from './options.ts';
import { absolutes } from './paths.ts';
import { anything, type Field, field, plainField, textOf, unknownField } from './pieces.ts';
import { readFind } from './programs/find.ts';
import { readGit } from './programs/git.ts';
import { isGitGrave } from './programs/git-graves.ts';
import { isRoot } from './programs/removal.ts';
import {
  envOptions,
  interpreters,
  opaque,
  otherShells,
  shellOptions,
  shells,
  transparent,
  xargsOptions,
} from './programs/wrappers.ts';
import { runApart } from './scripts.ts';
import { deed, fork, type Shell, worse } from './shell.ts';

type Runner = (call: Call) => Outcome;

/** Judges the command behind a program; a program of its own can change nothing of the shell. */
function judgeInner(call: Call, words: readonly Field[], marks: Partial<Shell> = {}): void {
  if (words.length > 0) judge({ ...call, words, shell: fork(call.shell, marks), skipsFunctions: true });
}

const runsTransparently =
  (name: string): Runner =>
  (call) => {
    const known = transparent.get(name);
    const words = call.words.slice(1);
    if (!known) return done;
    const parsed = parseOptions(words, known.options, true);
    if (!parsed.clear || parsed.vague) return runsOpaquely(call);
    const command = words.slice(parsed.taken + known.before);
    tell(call, 'read-inside');
    judgeInner(call, command);
    return name === 'exec' && command.length > 0 ? { ends: true } : done;
  };

const runsWithEnvironment: Runner = (call) => {
  const words = call.words.slice(1);
  const parsed = parseOptions(words, envOptions, true);
  if (!parsed.clear || parsed.vague) return runsOpaquely(call);
  let at = parsed.taken;
  let reach: Reach = 'read-inside';
  for (; at < words.length; at++) {
    const word = words[at];
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(word?.pieces[0]?.toString() ?? '') ?? [];
    if (!word || name === undefined) break;
    // A function of bash may come by the environment.
    if (isSensitive(name) || value?.startsWith('()')) reach = 'execute';
  }
  const command = words.slice(at);
  if (command.length === 0) reach = worse(reach, 'read-outside');
  const folder = parsed.given.find(({ option }) => /^(-C|--chdir)$/.test(option))?.value;
  const text = folder && textOf(folder);
  const state = folder
    ? { ...call.shell.state, cwd: text == null ? null : absolutes(text, call.shell) }
    : call.shell.state;
  tell(call, reach);
  judgeInner(call, command, { state, ...(reach === 'execute' && { floor: 'execute' }) });
  return done;
};

/** Nothing is known of what it adds. */
const runsWithMore: Runner = (call) => {
  const words = call.words.slice(1);
  const parsed = parseOptions(words, xargsOptions, true);
  if (!parsed.clear || parsed.vague) return runsOpaquely(call);
  tell(call, reachOfOptions(parsed, call.shell));
  const command = words.slice(parsed.taken);
  const place = parsed.given.find(({ option }) => option === '-I' || option === '--replace');
  const mark = place ? ((place.value && textOf(place.value)) ?? '{}') : null;
  const inner = command.length > 0 ? command : [plainField('echo')];
  if (mark !== null)
    judgeInner(
      call,
      inner.map((word) => filled(word, mark)),
    );
  // Without anything to add it still runs once.
  else for (const more of [[], [unknownField]]) judgeInner(call, [...inner, ...more]);
  return done;
};

/** A word with something unknown in the place of a mark. */
function filled(word: Field, mark: string): Field {
  const pieces = word.pieces.flatMap((piece) =>
    typeof piece === 'string'
      ? piece.split(mark).flatMap((part, n) => (n === 0 ? [part] : [anything, part]))
      : [piece],
  );
  return { ...word, pieces: pieces.filter((piece) => piece !== '') };
}

const finds: Runner = (call) => {
  const { shell } = call;
  const found = readFind(call.words.slice(1), shell);
  const isRootThere = found.roots.some((root) => isRoot(root, shell));
  tell(call, found.deletes && isRootThere ? 'grave' : found.reach);
  for (const command of found.commands) {
    const program = command[0] && textOf(command[0])?.replace(/^.*\//, '');
    if (program === 'rm' && isRootThere) deed(shell, 'grave', call.subject);
    const removes = program === 'rm' && !isRootThere;
    const words = command.map(
      (word) =>
        (textOf(word) === '{}' ? (removes ? found.roots[0] : undefined) : undefined) ?? filled(word, '{}'),
    );
    judgeInner(call, words, { floor: 'execute' });
  }
  return done;
};

const runsScript =
  (name: string): Runner =>
  (call) => {
    // What is read as a script is read by this shell, whichever runs it.
    const shell: Shell = { ...call.shell, posix: name !== 'bash' };
    const words = call.words.slice(1);
    const parsed = parseOptions(words, shellOptions, true);
    const [script] = words.slice(parsed.taken);
    const isGiven = parsed.given.some(({ option }) => option === '-c');
    const isUsual = parsed.given.every(
      ({ option, value }) => option !== '-o' || usualSettings.has((value && textOf(value)) ?? ''),
    );
    if (!parsed.clear || parsed.vague || !isUsual) {
      // `bash -lc …`, `bash --rcfile x -c …`: something else runs first.
      for (const [n, word] of words.entries())
        if (/^-[A-Za-z]*c/.test(textOf(word) ?? ''))
          for (const each of words.slice(n + 1)) runApart([each], shell, 'execute');
      if (call.input) runApart([call.input], shell, 'execute');
      return tell(call, 'execute');
    }
    if (isGiven && script) {
      runApart([script], shell);
      return tell(call, textOf(script) === null ? 'execute' : 'read-inside');
    }
    if (script || !call.input) return tell(call, 'execute');
    runApart([call.input], shell);
    return tell(call, textOf(call.input) === null ? 'execute' : 'read-inside');
  };

/** Settings of a shell that make it stop sooner, or say what it does. */
const usualSettings = new Set(['errexit', 'nounset', 'pipefail', 'xtrace', 'verbose']);

const mostLookedAt = 60;

/** Looks through words for a command that is worse than what runs it, and through those that may be scripts. */
export function runsOpaquely(call: Call): Outcome {
  const { shell } = call;
  tell(call, 'execute');
  const inner = fork(shell, { floor: 'execute' });
  for (const [n, word] of call.words.slice(0, mostLookedAt).entries()) {
    const text = n > 0 ? textOf(word) : null;
    if (text === null) continue;
    if (/\s/.test(text)) runApart([word], inner, 'execute');
    const program = text
      .replace(/^.*\//, '')
      .replace(/^\w+=.*/s, '')
      .toLowerCase();
    if (isNotable(program))
      judge({ ...call, words: call.words.slice(n), shell: fork(inner), skipsFunctions: true });
  }
  return done;
}

/** A script of Farhand's, or a module that is a program: the words behind it are those of that. */
const interprets: Runner = (call) => {
  const { shell, words, input } = call;
  const texts = [...words.slice(1), ...(input ? [input] : [])];
  tell(call, texts.some((word) => mentionsHome(word, shell)) ? 'forbidden' : 'execute');
  for (const [n, word] of words.slice(0, mostLookedAt).entries()) {
    const name =
      n > 0
        ? textOf(word)
            ?.replace(/^.*\//, '')
            .replace(/\.[cm]?[jt]s$/, '')
        : null;
    const isModule = textOf(words[n - 1] ?? word) === '-m';
    if (name && (name === 'farhand' || (isModule && isNotable(name))))
      judge({
        ...call,
        words: [plainField(name), ...words.slice(n + 1)],
        shell: fork(shell, { floor: 'execute' }),
        skipsFunctions: true,
      });
  }
  return done;
};

/** A program text may name a place in words of its own language. */
function mentionsHome({ pieces }: Field, { run }: Shell): boolean {
  const { home, farhandHome } = run.situation;
  const short = farhandHome.startsWith(`${home}/`) ? `~${farhandHome.slice(home.length)}` : farhandHome;
  return pieces.some(
    (piece) =>
      typeof piece === 'string' &&
      [farhandHome, short].some((name) => piece.toLowerCase().includes(name.toLowerCase())),
  );
}

/** git runs commands too: aliases that are set for one call, and what it is told to do for each of something. */
const runsGit: Runner = (call) => {
  const { shell } = call;
  const git = readGit(call.words.slice(1), shell);
  tell(call, isGitGrave(git, shell) ? 'grave' : git.reach);
  const inner = fork(shell, { floor: 'execute' });
  for (const setting of git.settings) {
    const script = /^[^=]*=!?([\s\S]*)$/.exec(setting ?? '')?.[1];
    if (script && /^alias\./i.test(setting ?? ''))
      runApart(
        [field([script.startsWith('git ') || /=!/.test(setting ?? '') ? script : `git ${script}`])],
        inner,
        'execute',
      );
  }
  const texts = git.words.map(textOf);
  if (git.name === 'submodule' && texts.includes('foreach')) {
    const script = git.words
      .slice(texts.indexOf('foreach') + 1)
      .filter((word) => !/^--/.test(textOf(word) ?? ''));
    runApart(script, inner, 'execute');
  }
  if (git.name === 'bisect' && texts[0] === 'run')
    judge({ ...call, words: git.words.slice(1), shell: inner, skipsFunctions: true });
  if (git.name === 'rebase')
    for (const [n, text] of texts.entries()) {
      const next = git.words[n + 1];
      if (/^(-x|--exec)$/.test(text ?? '') && next) runApart([next], inner, 'execute');
      const joined = /^--exec=([\s\S]*)$/.exec(text ?? '')?.[1];
      if (joined) runApart([plainField(joined)], inner, 'execute');
    }
  return done;
};

const named = (
  names: Iterable<string>,
  runner: (name: string) => Runner,
): readonly (readonly [string, Runner])[] => [...names].map((name) => [name, runner(name)] as const);

/** [PERM-4] Programs that run others. */
export const runners: ReadonlyMap<string, Runner> = new Map([
  ...named(opaque, () => runsOpaquely),
  ...named(otherShells, () => runsOpaquely),
  ...named(interpreters, () => interprets),
  ...named(transparent.keys(), runsTransparently),
  ...named(shells, runsScript),
  ['env', runsWithEnvironment],
  ['xargs', runsWithMore],
  ['find', finds],
  ['git', runsGit],
] as const);
