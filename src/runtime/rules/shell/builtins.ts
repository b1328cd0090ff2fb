import type { Reach } from '../../../core/permission.ts';
import type { Call, Outcome } from './call.ts';
import { judge, tell } from './dispatch.ts';
import { isSensitive } from './expansions.ts';
import { absolutes, reachOfPlace } from './paths.ts';
import { anything, type Field, isNumeric, joined, mayBeOption, plainField, textOf } from './pieces.ts';
import { reachOfTest } from './programs/test.ts';
import { runHere, runLater } from './scripts.ts';
import { type Shell, worse } from './shell.ts';
import { assign, forget, loseAll, unknownValue } from './state.ts';

type Builtin = (call: Call) => Outcome;

/** The text of a word that is known, and of no other. */
const textAt = ({ words }: Call, at: number): string | null => {
  const word = words[at];
  return word ? textOf(word) : null;
};

const changesFolder: Builtin = (call) => {
  const { words, shell } = call;
  const { situation } = shell.run;
  const before = shell.state;
  const isMarked = textAt(call, 1) === '--' || textAt(call, 1) === '-L';
  const targets = words.slice(isMarked ? 2 : 1);
  const [target = plainField(situation.home)] = targets;
  const text = textOf(target);
  const isHomeKnown = targets.length > 0 || (!before.lost && !before.variables.has('HOME'));
  const paths =
    text === null || text.startsWith('-') || targets.length > 1 || !isHomeKnown
      ? null
      : absolutes(text, shell);
  if (!paths) {
    shell.state = { ...before, cwd: null };
    tell(call, 'execute');
    return { failed: before };
  }
  // `cd` takes `..` away from what it was told, without asking where links lead.
  const folders = paths.map(withoutDots);
  const places = folders.map((folder) => situation.place(folder));
  tell(
    call,
    places.reduce<Reach>(
      (reach, place) => worse(reach, place ? reachOfPlace('read', place) : 'execute'),
      'read-inside',
    ),
  );
  shell.state = { ...before, cwd: [...new Set(folders)] };
  // What is there now goes on being there as long as nothing was changed.
  const isSure = !shell.run.touched && places.every((place) => place?.kind === 'folder');
  return { failed: isSure ? shell.state : before };
};

function withoutDots(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '.' && name !== '') names.push(name);
  }
  return `/${names.join('/')}`;
}

const plainName = /^[A-Za-z_]\w*$/;

/** Sets variables to what is not known. */
function setsUnknown(call: Call, names: readonly (string | null)[], reach: Reach = 'read-inside'): Outcome {
  const { shell } = call;
  let all = reach;
  for (const name of names) {
    if (name === null || !plainName.test(name) || isSensitive(name)) all = worse(all, 'execute');
    else shell.state = assign(shell.state, name, unknownValue);
  }
  if (names.includes(null)) shell.state = loseAll(shell.state);
  return tell(call, all);
}

/** `name`, `name=value`, `name+=value`; whether that is understood. */
function sets({ pieces, splits }: Field, shell: Shell): boolean {
  const [first = '', ...others] = pieces;
  const [, name = '', sign, rest = ''] =
    /^([^=+]*)(\+?=)?([\s\S]*)$/.exec(typeof first === 'string' ? first : '') ?? [];
  if (splits || !plainName.test(name) || (sign === undefined && others.length > 0)) {
    shell.state = loseAll(shell.state);
    return false;
  }
  shell.locals?.add(name);
  const value = joined([rest, ...others]);
  const before = shell.state.variables.get(name);
  // What an array is given as text is read as a list, of which the subscripts are evaluated.
  const mayBeList = rest.startsWith('(') || (rest === '' && others.length > 0 && before?.includes(anything));
  if (sign !== undefined) shell.state = assign(shell.state, name, sign === '=' ? value : unknownValue);
  return !isSensitive(name) && !mayBeList;
}

/** `export`, `declare` and the like. */
const declares =
  (options: RegExp, lists: boolean): Builtin =>
  (call) => {
    const { shell, words } = call;
    const rest = words.slice(1);
    // Without a name it shows the variables that there are.
    const isList = rest.every((word) => /^[-+]/.test(textOf(word) ?? ''));
    let reach: Reach = isList && (lists || rest.length > 0) ? 'read-outside' : 'read-inside';
    for (const word of rest) {
      const text = textOf(word);
      if (text === '-p') reach = worse(reach, 'read-outside');
      else if (text?.startsWith('-')) reach = worse(reach, options.test(text) ? reach : 'execute');
      else if (!sets(word, shell)) reach = worse(reach, 'execute');
    }
    return tell(call, reach);
  };

const reads: Builtin = (call) => {
  const names: (string | null)[] = [];
  const rest = call.words.slice(1);
  let isClear = true;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? plainField('');
    const text = textOf(word);
    if (text !== null && /^-[rse]*[pntdu]$/.test(text)) at += 1;
    else if (text !== null && /^-[rse]*a$/.test(text)) continue;
    else if (text?.startsWith('-')) isClear &&= /^-([rse]+|[rse]*[pntdu].+)$/.test(text);
    else names.push(text);
  }
  return setsUnknown(call, names.length > 0 ? names : ['REPLY'], isClear ? 'read-inside' : 'execute');
};

/** Only what makes the shell stop sooner, or say what it does. */
const setsOptions: Builtin = (call) => {
  const rest = call.words.slice(1).map(textOf);
  if (rest.length === 0) return tell(call, 'read-outside');
  const end = rest.indexOf('--');
  const before = end === -1 ? rest : rest.slice(0, end);
  const isKnown = (text: string | null, n: number) =>
    text !== null &&
    (/^[-+][euxv]*o?$/.test(text) ||
      (/o$/.test(before[n - 1] ?? '') && /^(errexit|nounset|pipefail|xtrace|verbose)$/.test(text)));
  return tell(call, before.every(isKnown) ? 'read-inside' : 'execute');
};

const unsets: Builtin = (call) => {
  const { shell } = call;
  let reach: Reach = 'read-inside';
  for (const word of call.words.slice(1)) {
    const name = textOf(word);
    if (name === '-v') continue;
    if (name === null || !plainName.test(name) || isSensitive(name)) reach = 'execute';
    else shell.state = forget(shell.state, name);
  }
  return tell(call, reach);
};

const prints: Builtin = (call) => {
  const [, first, second] = call.words;
  if (first && textOf(first) === '-v') return setsUnknown(call, [second ? textOf(second) : null]);
  const isUnknownOption = first && textOf(first) === null && mayBeOption(first);
  return tell(
    call,
    isUnknownOption || /^-v./.test((first && textOf(first)) ?? '') ? 'execute' : 'read-inside',
  );
};

/** What it will run is known, when is not. */
const keepsForLater =
  (scripts: (words: readonly Field[]) => readonly Field[]): Builtin =>
  (call) => {
    for (const script of scripts(call.words.slice(1))) runLater([script], call.shell);
    return tell(call, 'execute');
  };

const withoutName = (word: Field): Field => {
  const [first, ...others] = word.pieces;
  return typeof first === 'string' ? { ...word, pieces: [first.replace(/^[^=]*=?/, ''), ...others] } : word;
};

const losing =
  (reach: Reach): Builtin =>
  (call) => {
    call.shell.state = loseAll(call.shell.state);
    return tell(call, reach);
  };

/** Of several loops at once: what is known then is not followed. */
const leavesLoop: Builtin = (call) => {
  const { words, shell } = call;
  tell(call, words.length > 1 && textAt(call, 1) !== '1' ? 'execute' : 'read-inside');
  shell.left.push(shell.state);
  return { ends: true };
};

const leavesFunction: Builtin = (call) => {
  tell(call, 'read-inside');
  call.shell.returned.push(call.shell.state);
  return { ends: true };
};

/** `wait -p name` sets a variable, and evaluates the subscript in its name. */
const waits: Builtin = (call) => {
  const isPlain = call.words.slice(1).every((word) => {
    const text = textOf(word);
    return text === null ? isNumeric(word.pieces) : /^(-[nf]+|\d+|%[\w+-]*)?$/.test(text);
  });
  return tell(call, isPlain ? 'read-inside' : 'execute');
};

const runsCommand: Builtin = (call) => {
  const { words } = call;
  const option = textAt(call, 1);
  if (option === '-v' || option === '-V') return tell(call, 'read-inside');
  const rest = words.slice(option === '-p' || option === '--' ? 2 : 1);
  if (rest.length === 0) return tell(call, 'read-inside');
  return judge({ ...call, words: rest, skipsFunctions: true });
};

/** [PERM-4] What the shell does itself. */
export const builtins: ReadonlyMap<string, Builtin> = new Map(
  Object.entries({
    cd: changesFolder,
    eval: (call: Call) => {
      runHere(call.words.slice(1), call.shell);
      return tell(
        call,
        call.words.slice(1).some((word) => textOf(word) === null) ? 'execute' : 'read-inside',
      );
    },
    export: declares(/^-[nx]+$/, true),
    readonly: declares(/^-r$/, true),
    declare: declares(/^-[rxgt]+$/, true),
    typeset: declares(/^-[rxgt]+$/, true),
    local: declares(/^-[rx]+$/, true),
    read: reads,
    set: setsOptions,
    unset: unsets,
    printf: prints,
    test: (call: Call) => tell(call, reachOfTest(call.words.slice(1), call.shell)),
    '[': (call: Call) => tell(call, reachOfTest(call.words.slice(1, -1), call.shell)),
    command: runsCommand,
    builtin: (call: Call) => judge({ ...call, words: call.words.slice(1), skipsFunctions: true }),
    exit: (call: Call) => ({ ...tell(call, 'read-inside'), ends: true }),
    break: leavesLoop,
    continue: leavesLoop,
    return: leavesFunction,
    wait: waits,
    printenv: (call: Call) => tell(call, 'read-outside'),
    alias: keepsForLater((words) => words.map(withoutName)),
    trap: keepsForLater((words) => words.slice(0, 1)),
    '.': losing('execute'),
    source: losing('execute'),
    pushd: losing('execute'),
    popd: losing('execute'),
    let: losing('execute'),
    mapfile: losing('execute'),
    readarray: losing('execute'),
    getopts: losing('execute'),
    shopt: losing('execute'),
    enable: losing('execute'),
  }),
);
