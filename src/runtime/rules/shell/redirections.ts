import type { HereDoc, Redirect, Redirection } from 'unbash';
import { atomsOfText } from './atoms.ts';
import { isSensitive } from './expansions.ts';
import { absolutes, touch } from './paths.ts';
import { beginning, type Field, isNumeric, plainField, textOf } from './pieces.ts';
import { deed, type Shell } from './shell.ts';
import { assign, numberValue } from './state.ts';
import { fieldsOf, oneField, wordOf } from './words.ts';

/** Judges what redirections open, and gives the text that the command is given to read, where there is one. */
export function redirect(redirections: readonly Redirection[], shell: Shell): Field | null {
  let input: Field | null = null;
  for (const each of redirections) {
    const variable = each.descriptor?.type === 'FileDescriptorVariable' ? each.descriptor.name : null;
    if (variable !== null && isSensitive(variable)) deed(shell, 'execute', `{${variable}}`);
    else if (variable !== null) shell.state = assign(shell.state, variable, numberValue);
    if (each.type === 'HereDoc') input = hereDocument(each, shell);
    else if (each.type === 'HereString') input = each.target ? wordOf(each.target, shell) : null;
    else open(each, shell);
  }
  return input;
}

function hereDocument({ delimiter, body, closing, operator }: HereDoc, shell: Shell): Field {
  // The parser takes one without an end for one that ends with the text.
  if (!closing || !delimiter) deed(shell, 'execute', 'a here-document without an end');
  if (delimiter?.quoted || !body.parts)
    return plainField(operator === '<<-' ? body.text.replace(/^\t+/gm, '') : body.text);
  return oneField(atomsOfText(body.parts), shell);
}

function open({ operator, target, pos, end }: Redirect, shell: Shell): void {
  const subject = shell.source.slice(pos, end);
  const fields = target ? fieldsOf(target, shell) : [];
  const [word] = fields;
  if (!word || fields.length > 1 || word.splits || (word.glob && !word.expanded))
    return deed(shell, 'execute', subject);
  if (operator === '>&' || operator === '<&') {
    const text = textOf(word);
    if (text === '-' || (text !== null && /^\d+-?$/.test(text)) || isNumeric(word.pieces)) return;
    // `>& file` is the old form of `&> file`.
    if (text === null || operator === '<&') return deed(shell, 'execute', subject);
  }
  const text = textOf(word);
  // The shell itself opens connections there.
  const isNetwork = (path: string) => /^\/+dev\/+(tcp|udp)(\/|$)/.test(path);
  if (
    /^\/+dev\/+(tcp|udp)\b/.test(beginning(word)) ||
    (text !== null && absolutes(text, shell)?.some(isNetwork))
  )
    return deed(shell, 'execute', subject);
  touch(operator === '<' ? 'read' : 'edit', word, subject, shell);
}
