import type { Assignment, Command, Word } from 'unbash';
import type { Call } from './call.ts';
import { judge } from './dispatch.ts';
import { isSensitive } from './expansions.ts';
import { namesForbidden } from './paths.ts';
import { anything, type Field, field, literal, plainField, textOf } from './pieces.ts';
import { redirect } from './redirections.ts';
import { runHere } from './scripts.ts';
import { deed, fork, type Shell } from './shell.ts';
import { assign, forget, type State, unknownValue, type Value } from './state.ts';
import type { Flow } from './walk.ts';
import { fieldsOf, wordOf } from './words.ts';

/** A command with its words, redirections and assignments, in the order in which the shell expands them. */
export function walkCommand(node: Command, shell: Shell): Flow {
  const { run } = shell;
  const words = node.name ? [...fieldsOf(node.name, shell)] : [];
  for (const argument of node.suffix) {
    if (argument.type === 'Word') words.push(...fieldsOf(argument, shell));
    else if (argument.type === 'Assignment') words.push(assignmentWord(argument, shell));
  }
  const input = node.redirects.length > 0 ? redirect(node.redirects, shell) : null;
  const prefix = node.prefix.filter((each) => each.type === 'Assignment');
  const [first] = words;
  const isRead = first !== undefined && textOf(first) === 'read';
  for (const each of prefix) if (!(isRead && each.name === 'IFS')) set(each, shell);
  if (!first) return { ok: shell.state, failed: shell.state };
  const subject = shell.source.slice(node.pos, node.end);
  const call: Call = { words, shell, subject, input, skipsFunctions: false };
  const before = run.executions;
  // What a variable holds may be a whole command.
  if (first.expanded && textOf(first) !== null) runHere(words, fork(shell, { floor: 'execute', left: [] }));
  const outcome = judge(call);
  if (prefix.length === 0)
    return {
      ok: outcome.ends ? null : shell.state,
      failed: outcome.ends ? null : (outcome.failed ?? shell.state),
    };
  // What it changes about a program that is not understood is not understood either.
  if (run.executions > before) for (const { text } of prefix) deed(shell, 'execute', text);
  const without = (state: State) => prefix.reduce((rest, { name }) => forget(rest, name), state);
  const ok = without(shell.state);
  shell.state = ok;
  return {
    ok: outcome.ends ? null : ok,
    failed: outcome.ends ? null : outcome.failed ? without(outcome.failed) : ok,
  };
}

/** `export A=b` has the assignment as a word. */
function assignmentWord(assignment: Assignment, shell: Shell): Field {
  const value = valueIn(assignment, shell);
  return field([`${assignment.name}${assignment.append ? '+' : ''}=`, ...value], {
    expanded: literal(value) === null,
  });
}

function set(assignment: Assignment, shell: Shell): void {
  const { name, append, text } = assignment;
  const value = valueIn(assignment, shell);
  if (isSensitive(name)) deed(shell, 'execute', text);
  const known = append ? shell.state.variables.get(name) : [];
  const whole = known && !assignment.index ? [...known, ...value] : unknownValue;
  const joined = literal(whole);
  shell.state = assign(shell.state, name, joined === null ? whole : [joined]);
}

function valueIn({ value, index, text }: Assignment, shell: Shell): Value {
  // A subscript is arithmetic.
  if (index && !/^\d+$/.test(literal(wordOf(index, shell).pieces) ?? '')) deed(shell, 'execute', text);
  // So is one in a list.
  const isSubscripted = ({ text: written }: Word) => /^\[(?!\d+\])/.test(written) && written.includes('=');
  if (value.type !== 'Word' && value.elements.some(isSubscripted)) deed(shell, 'execute', text);
  const fields =
    value.type === 'Word'
      ? [wordOf(value, shell, true)]
      : value.elements.flatMap((word) => fieldsOf(word, shell));
  if (fields.some((each) => namesForbidden(each, shell))) deed(shell, 'forbidden', text);
  const [only = plainField('')] = fields;
  return value.type === 'Word' && !index ? only.pieces : [anything];
}
