import type { Reach } from '../../../core/permission.ts';
import { builtins } from './builtins.ts';
import { type Call, done, type Outcome } from './call.ts';
import { callFunction } from './functions.ts';
import { namesForbidden, namesForbiddenIn, reachOf, witnessAll } from './paths.ts';
import { textOf } from './pieces.ts';
import { editors, reachOfEditor } from './programs/editors.ts';
import { decidesForPerson, isGrave, isGraveName } from './programs/graves.ts';
import { reachOfReader, readers } from './programs/readers.ts';
import { deed, isAtLeast, worse } from './shell.ts';
import { loseAll } from './state.ts';
import { runners } from './wrapping.ts';

/** Those of the readers that the shell has in itself. */
const ownReaders = new Set(['echo', 'true', 'false', ':', 'pwd', 'type']);

/** What Farhand is called by: `farhand shim install` adds the other name. */
const farhands = new Set(['farhand', 'letta']);

/** Where programs are what their names say. */
const systemFolder = /^\/(usr\/)?s?bin\/[^/]+$/;

/** Judges one simple command by its words, whoever runs it (PERM-4). */
export function judge(call: Call): Outcome {
  const { words, shell } = call;
  shell.run.spend(1 + words.length / 16);
  const [first] = words;
  if (!first) return done;
  const name = textOf(first);
  if (name === null) return judgeUnknown(call);
  const bodies = call.skipsFunctions ? undefined : shell.state.functions.get(name);
  if (bodies) return callFunction(call, bodies);
  const path = name.includes('/') ? withoutDots(name) : name;
  const program = path.slice(path.lastIndexOf('/') + 1);
  const isTrue = name.includes('/')
    ? systemFolder.test(path)
    : ownReaders.has(name) || builtins.has(name) || !shell.run.situation.isReplaced(name);
  const isReader = readers.has(program);
  if (words.some((word) => namesForbidden(word, shell, isReader)) || namesForbiddenIn(words, shell))
    tell(call, 'forbidden');
  else if (isForbiddenOrGrave(program.toLowerCase(), call)) return done;
  if (!isTrue || first.expanded) return { ...judgeNamed(program, call), ...tell(call, 'execute') };
  return judgeNamed(program, call);
}

/** Tells what a command does itself; what it runs is told apart. */
export function tell({ words, shell, subject }: Call, reach: Reach): Outcome {
  // Of what a pattern finds the names alone are seen.
  const seen = words.reduce<Reach>((all, word) => {
    const listed = word.glob && !word.expanded ? reachOf('read', word, shell) : 'read-inside';
    return listed === 'read-outside' || listed === 'forbidden' ? worse(all, listed) : all;
  }, reach);
  deed(shell, seen, subject, { kind: 'command', words: words.map(textOf) });
  if (isAtLeast(seen, 'execute')) witnessAll(words, shell);
  return done;
}

/** The command may be any: of those that it may be, what its other words say is looked at. */
function judgeUnknown(call: Call): Outcome {
  const { words, shell } = call;
  const [, ...rest] = words;
  const known = rest.filter((word) => textOf(word) !== null);
  const isForbidden =
    words.some((word) => namesForbidden(word, shell)) || (known.length > 0 && decidesForPerson(known));
  const reach = known.length > 0 && isGrave('rm', known, shell) ? 'grave' : 'execute';
  tell(call, isForbidden ? 'forbidden' : reach);
  shell.state = loseAll(shell.state);
  return done;
}

function isForbiddenOrGrave(program: string, call: Call): boolean {
  const [, ...words] = call.words;
  if (farhands.has(program) && decidesForPerson(words)) tell(call, 'forbidden');
  else if (isGrave(program, words, call.shell)) tell(call, 'grave');
  else return false;
  return true;
}

function judgeNamed(program: string, call: Call): Outcome {
  const { shell } = call;
  const [, ...words] = call.words;
  const builtin = builtins.get(program);
  if (builtin) return builtin(call);
  const reader = readers.get(program);
  if (reader) return tell(call, reachOfReader(reader, words, shell));
  const editor = editors.get(program);
  if (editor) return tell(call, reachOfEditor(editor, words, shell));
  const runner = runners.get(program);
  return runner ? runner(call) : tell(call, 'execute');
}

/** Whether the name stands for something that is understood: a function in its place is not. */
export const isKnownProgram = (name: string): boolean =>
  builtins.has(name) || readers.has(name) || editors.has(name) || runners.has(name);

/** What may be looked for behind a program that runs others. */
export const isNotable = (name: string): boolean =>
  farhands.has(name) || runners.has(name) || isGraveName(name);

function withoutDots(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..' && names.length > 1) names.pop();
    else if (name !== '.' && (name !== '' || names.length === 0)) names.push(name);
  }
  return names.join('/');
}
