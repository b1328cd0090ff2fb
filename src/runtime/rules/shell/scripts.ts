import { parse } from 'unbash';
import { type Field, literal } from './pieces.ts';
import { deed, fork, type Shell } from './shell.ts';
import { freshState, loseAll } from './state.ts';

/** What cannot be known of a script stands in it as a variable that is not known either. */
const hole = ['$', '{1}'].join('');

/** Words as one script. `isKnown`: all of it is. */
export function scriptOf(words: readonly Field[]): { readonly text: string; readonly isKnown: boolean } {
  const text = words
    .map(({ pieces }) => pieces.map((piece) => (typeof piece === 'string' ? piece : hole)).join(''))
    .join(' ');
  return { text, isKnown: words.every((word) => !word.splits && literal(word.pieces) !== null) };
}

/** Runs a script in the very shell, as `eval` does. */
export function runHere(words: readonly Field[], shell: Shell): void {
  const { text, isKnown } = scriptOf(words);
  const inner = fork(shell, { source: text, floor: isKnown ? shell.floor : 'execute' });
  walkText(text, inner);
  shell.state = isKnown ? inner.state : loseAll(inner.state);
}

/** Runs a script in a shell of its own, which sees nothing that was not exported. */
export function runApart(words: readonly Field[], shell: Shell, floor: Shell['floor'] = 'read-inside'): void {
  const { text, isKnown } = scriptOf(words);
  const least = isKnown && floor !== 'execute' ? shell.floor : 'execute';
  walkText(
    text,
    fork(shell, { source: text, floor: least, left: [], state: freshState(shell.state.cwd), locals: null }),
  );
}

/** Runs a script at a moment that is not known. */
export function runLater(words: readonly Field[], shell: Shell): void {
  const { text } = scriptOf(words);
  walkText(
    text,
    fork(shell, { source: text, floor: 'execute', left: [], state: loseAll(shell.state), locals: null }),
  );
}

/** What other shells read otherwise than bash: to some `[[ a || b ]]` is two commands, and `$'\'` a whole word. */
const bashOnly =
  /\[\[|(?<!\$)\(\(|\$'|<<<|[<>@?*+!]\(|&>|>&(?![\d-])|\|&|;&|\+=|=\(|(?<!\$)\{[^{}\s]*(,|\.\.)|(?<![\w-])(function|coproc|select|time|declare|typeset|local|export|readonly)(?![\w-])/;

/** Runs a script in a shell. */
export function walkText(text: string, shell: Shell): void {
  if (shell.posix && bashOnly.test(text)) deed(shell, 'execute', 'text that sh reads otherwise than bash');
  shell.run.spendText(text.length);
  shell.run.walk(parse(text), shell);
}
