import type { For, Select } from 'unbash';
import { reachOf } from './paths.ts';
import { type Field, unknownField } from './pieces.ts';
import { deed, isAtLeast, type Shell } from './shell.ts';
import { assign, loseAll, merge, type State, unknownValue } from './state.ts';
import { both, type Flow, loopVariable, mergeAny, walkNode } from './walk.ts';
import { fieldsOf } from './words.ts';

const mostRounds = 4;

/**
 * Goes round until what is known at the beginning of a round stays the same. A round gives the state in which the loop may end;
 * what it leaves in `inner` is the beginning of the next one.
 */
export function repeat(shell: Shell, round: (inner: Shell) => State | null): Flow {
  let entry = shell.state;
  let end: State | null = null;
  for (let n = 0; ; n++) {
    const inner: Shell = { ...shell, state: entry, left: [] };
    const wasTouched = shell.run.touched;
    const leave = round(inner);
    end = inner.left.reduce<State | null>(mergeAny, mergeAny(end, leave));
    const next = inner.left.reduce(merge, merge(entry, inner.state));
    if ((next === entry && wasTouched === shell.run.touched) || n > mostRounds) return both(end ?? entry);
    entry = n === mostRounds ? loseAll(next) : next;
  }
}

const mostUnrolled = 32;

/** Each value that is known is a round of its own, so that it is known in it. */
export function walkFor(node: For | Select, shell: Shell): Flow {
  const name = loopVariable(node.name, shell);
  const values: readonly Field[] = node.wordlist?.flatMap((word) => fieldsOf(word, shell)) ?? [unknownField];
  // What a pattern finds is a look at a folder.
  for (const value of values)
    if (
      value.glob &&
      !value.expanded &&
      isAtLeast(reachOf('read', value, shell), 'read-outside') &&
      !value.splits
    )
      deed(shell, 'read-outside', node.name.text);
  const set = (inner: Shell, value: Field) => {
    if (name !== null) inner.state = assign(inner.state, name, value.splits ? unknownValue : value.pieces);
  };
  const isPlain = (value: Field) => !value.splits && value.pieces.every((piece) => typeof piece === 'string');
  if (values.length > mostUnrolled || node.type === 'Select')
    return repeat(shell, (inner) => {
      const before = inner.state;
      set(inner, node.type === 'Select' && values.length === 1 ? (values[0] ?? unknownField) : unknownField);
      walkNode(node.body, inner);
      return before;
    });
  let end: State = shell.state;
  for (const value of values) {
    const round = (inner: Shell): State => {
      set(inner, value);
      walkNode(node.body, inner);
      return inner.state;
    };
    if (!isPlain(value)) {
      shell.state = repeat(shell, round).ok ?? shell.state;
    } else {
      const inner: Shell = { ...shell, left: [] };
      round(inner);
      shell.state = inner.left.reduce(merge, inner.state);
    }
    end = merge(end, shell.state);
  }
  return both(end);
}
