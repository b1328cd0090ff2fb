import type {
  AndOr,
  Case,
  CompoundList,
  If,
  ParsedScript,
  Pipeline,
  Statement,
  SyntaxNode,
  Word,
} from 'unbash';
import { arithmetic } from './arithmetic.ts';
import { isSensitive } from './expansions.ts';
import { defineFunction } from './functions.ts';
import { repeat, walkFor } from './loops.ts';
import { walkTest } from './programs/test.ts';
import { redirect } from './redirections.ts';
import { deed, fork, type Shell } from './shell.ts';
import { walkCommand } from './simple-command.ts';
import { merge, type State } from './state.ts';
import { wordOf } from './words.ts';

/** How the shell goes on after a command, by how that ends; null: not at all. */
export type Flow = { readonly ok: State | null; readonly failed: State | null };

export const both = (state: State): Flow => ({ ok: state, failed: state });

export const either = ({ ok, failed }: Flow): State | null =>
  ok && failed ? merge(ok, failed) : (ok ?? failed);

export function walkScript(script: ParsedScript, shell: Shell): void {
  if (script.errors) deed(shell, 'execute', 'text that the shell may not understand');
  walkStatements(script.commands, shell);
}

/** Walks a node from the state of the shell, and leaves it in the state where it may go on. */
export function walkNode(node: SyntaxNode, shell: Shell): Flow {
  const flow = flowOf(node, shell);
  // What follows is judged also where nothing goes on.
  shell.state = either(flow) ?? shell.state;
  return flow;
}

function walkStatements(statements: readonly Statement[], shell: Shell): Flow {
  let flow = both(shell.state);
  for (const statement of statements) flow = walkNode(statement, shell);
  return flow;
}

function flowOf(node: SyntaxNode, shell: Shell): Flow {
  switch (node.type) {
    case 'Statement':
      if (!node.background) return walkNode(node.command, shell);
      walkNode(node.command, beside(shell));
      return both(shell.state);
    case 'CompoundList':
      return walkStatements(node.commands, shell);
    case 'BraceGroup':
      return walkNode(node.body, shell);
    case 'Command':
      return walkCommand(node, shell);
    case 'AndOr':
      return flowOfAndOr(node, shell);
    case 'Pipeline':
      return flowOfPipeline(node, shell);
    case 'Subshell':
      return apart(node.body, fork(shell, { left: [] }), shell);
    case 'Coproc':
      return apart(node.body, beside(shell), shell);
    case 'Redirected':
      redirect(node.redirects, shell);
      return walkNode(node.command, shell);
    case 'If':
      return flowOfIf(node, shell);
    case 'While':
      return repeat(shell, (inner) => {
        const { ok, failed } = walkNode(node.clause, inner);
        const [enter, leave] = node.kind === 'while' ? [ok, failed] : [failed, ok];
        inner.state = enter ?? inner.state;
        walkNode(node.body, inner);
        return leave;
      });
    case 'For':
    case 'Select':
      return walkFor(node, shell);
    case 'ArithmeticFor':
      if (node.initialize) arithmetic(node.initialize, shell);
      return repeat(shell, (inner) => {
        if (node.test) arithmetic(node.test, inner);
        const leave = inner.state;
        walkNode(node.body, inner);
        if (node.update) arithmetic(node.update, inner);
        return leave;
      });
    case 'Case':
      return flowOfCase(node, shell);
    case 'Function':
      defineFunction(node, shell);
      return both(shell.state);
    case 'TestCommand':
      walkTest(node.expression, shell.source.slice(node.pos, node.end), shell);
      return both(shell.state);
    case 'ArithmeticCommand':
      if (node.expression) arithmetic(node.expression, shell);
      return both(shell.state);
    default:
      deed(shell, 'execute', 'text that is not understood');
      return both(shell.state);
  }
}

const beside = (shell: Shell): Shell => fork(shell, { left: [], spawned: true });

/** What changes in another shell changes nothing here. */
function apart(node: SyntaxNode, inner: Shell, shell: Shell): Flow {
  walkNode(node, inner);
  return both(shell.state);
}

function flowOfAndOr({ commands, operators }: AndOr, shell: Shell): Flow {
  const [first, ...others] = commands;
  if (!first) return both(shell.state);
  let flow = walkNode(first, shell);
  for (const [n, command] of others.entries()) {
    const isAnd = operators[n] === '&&';
    const entered = isAnd ? flow.ok : flow.failed;
    const skipped = isAnd ? flow.failed : flow.ok;
    shell.state = entered ?? shell.state;
    const then = walkNode(command, shell);
    // What is never begun changes nothing, but it was judged.
    const reached: Flow = entered ? then : { ok: null, failed: null };
    flow = isAnd
      ? { ok: reached.ok, failed: mergeAny(skipped, reached.failed) }
      : { ok: mergeAny(skipped, reached.ok), failed: reached.failed };
  }
  return flow;
}

export const mergeAny = (a: State | null, b: State | null): State | null => (a && b ? merge(a, b) : (a ?? b));

function flowOfPipeline({ commands, prefixes }: Pipeline, shell: Shell): Flow {
  const [first] = commands;
  if (!first) return both(shell.state);
  if (commands.length > 1) {
    for (const command of commands) walkNode(command, beside(shell));
    return both(shell.state);
  }
  const flow = walkNode(first, shell);
  const isNegated = prefixes.filter(({ type }) => type === 'Negation').length % 2 === 1;
  return isNegated ? { ok: flow.failed, failed: flow.ok } : flow;
}

function flowOfIf(node: If, shell: Shell): Flow {
  let end: State | null = null;
  let _ends = true;
  const branch = (clause: CompoundList, then: CompoundList): State | null => {
    const { ok, failed } = walkNode(clause, shell);
    const after = failed ?? shell.state;
    shell.state = ok ?? shell.state;
    const flow = walkNode(then, shell);
    const state = ok && either(flow);
    _ends &&= state === null;
    end = mergeAny(end, state);
    shell.state = after;
    return failed;
  };
  let rest = branch(node.clause, node.then);
  for (const { clause, then } of node.elif) rest = branch(clause, then);
  const last = node.else ? either(walkNode(node.else, shell)) : rest;
  const state = mergeAny(end, last);
  return { ok: state, failed: state };
}

function flowOfCase({ word, items }: Case, shell: Shell): Flow {
  wordOf(word, shell);
  const before = shell.state;
  let end = before;
  let through: State | null = null;
  for (const { pattern, body, terminator } of items) {
    shell.state = mergeAny(before, through) ?? before;
    for (const each of pattern) wordOf(each, shell);
    walkNode(body, shell);
    end = merge(end, shell.state);
    through = terminator === ';;' || terminator === undefined ? null : shell.state;
  }
  return both(end);
}

/** Whether a loop may set the variable. */
export function loopVariable(name: Word, shell: Shell): string | null {
  if (!isSensitive(name.value)) return name.value;
  deed(shell, 'execute', `a loop over ${name.text}`);
  return null;
}
