import type { Function as FunctionNode } from 'unbash';
import { type Call, done, type Outcome } from './call.ts';
import { isKnownProgram } from './dispatch.ts';
import { deed, fork, type Shell } from './shell.ts';
import { assign, type Body, define, merge, type State, unknownValue } from './state.ts';
import { walkNode } from './walk.ts';

/** A function is what its body does. It is looked at where it is defined, in case it is called in a way that is not seen, and at each call. */
export function defineFunction(node: FunctionNode, shell: Shell): void {
  const name = node.name.value;
  const body = { node, source: shell.source };
  shell.state = define(shell.state, name, body);
  if (isKnownProgram(name)) deed(shell, 'execute', `a function named ${name}`);
  walkBody(body, fork(shell));
}

export function callFunction({ shell, subject }: Call, bodies: readonly Body[]): Outcome {
  const before = shell.state;
  const ends = bodies.flatMap((body): readonly State[] => {
    if (!shell.calls.includes(body)) return [walkBody(body, fork(shell, { state: before }))];
    // One that begins itself again, twice or beside itself, never stops.
    if (shell.spawned) deed(shell, 'grave', subject);
    return [];
  });
  const [first, ...others] = ends;
  if (first) shell.state = others.reduce(merge, first);
  return done;
}

function walkBody(body: Body, shell: Shell): State {
  const locals = new Set<string>();
  const spawned = shell.calls.length > 0 && shell.spawned;
  const inner: Shell = {
    ...shell,
    source: body.source,
    calls: [...shell.calls, body],
    spawned,
    locals,
    left: [],
    returned: [],
  };
  walkNode(body.node.body, inner);
  const end = [...inner.left, ...inner.returned].reduce(merge, inner.state);
  return [...locals].reduce((state, name) => assign(state, name, unknownValue), end);
}
