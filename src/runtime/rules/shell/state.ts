import type { Function as FunctionNode } from 'unbash';
import { anything, isNumeric, type Piece, samePieces, someNumber } from './pieces.ts';

/** What a variable holds. */
export type Value = readonly Piece[];

export const unknownValue: Value = [anything];
export const numberValue: Value = [someNumber];

/** The body of a function, and the text that it was parsed from. */
export type Body = { readonly node: FunctionNode; readonly source: string };

/** What is known of a shell at one point of its script. Never changed: each step makes a new one. */
export type State = {
  /** Where it may be, as `cd` counts it: links kept; null: anywhere. */
  readonly cwd: readonly string[] | null;
  /** What was assigned in the script. */
  readonly variables: ReadonlyMap<string, Value>;
  readonly functions: ReadonlyMap<string, readonly Body[]>;
  /** Something unknown ran in this very shell: everything may have another value. */
  readonly lost: boolean;
};

export const freshState = (cwd: readonly string[] | null): State => ({
  cwd,
  variables: new Map(),
  functions: new Map(),
  lost: false,
});

/** Copies are made all the time, so there is a limit to what is kept. */
const mostNames = 64;
const mostFolders = 8;
const mostBodies = 8;

export function assign(state: State, name: string, value: Value): State {
  const before = state.variables.get(name);
  if (before && samePieces(before, value)) return state;
  if (!before && state.variables.size >= mostNames) return state;
  return { ...state, variables: new Map(state.variables).set(name, value) };
}

export function forget(state: State, name: string): State {
  if (!state.variables.has(name)) return state;
  const variables = new Map(state.variables);
  variables.delete(name);
  return { ...state, variables };
}

export function define(state: State, name: string, body: Body): State {
  if (state.functions.size >= mostNames) return loseAll(state);
  return { ...state, functions: new Map(state.functions).set(name, [body]) };
}

/** After something that may have changed anything in the shell. */
export const loseAll = (state: State): State => ({
  cwd: null,
  variables: new Map(),
  functions: state.functions,
  lost: true,
});

/** What holds where either of two states may. */
export function merge(a: State, b: State): State {
  if (a === b) return a;
  const state = {
    cwd: mergeFolders(a.cwd, b.cwd),
    variables: mergeVariables(a.variables, b.variables),
    functions: mergeFunctions(a.functions, b.functions),
    lost: a.lost || b.lost,
  };
  return isSame(state, a) ? a : state;
}

const isSame = (a: State, b: State): boolean =>
  a.cwd === b.cwd && a.variables === b.variables && a.functions === b.functions && a.lost === b.lost;

function mergeFolders(a: State['cwd'], b: State['cwd']): State['cwd'] {
  if (a === b || a === null) return a;
  if (b === null) return b;
  if (b.every((folder) => a.includes(folder))) return a;
  const all = [...new Set([...a, ...b])];
  return all.length > mostFolders ? null : all;
}

function mergeVariables(a: State['variables'], b: State['variables']): State['variables'] {
  if (a === b) return a;
  let same = true;
  const merged = new Map<string, Value>();
  for (const [name, value] of a) {
    const other = b.get(name);
    // It may have come from the environment.
    if (!other) {
      same = false;
      continue;
    }
    const both = mergeValues(value, other);
    same &&= both === value;
    merged.set(name, both);
  }
  return same ? a : merged;
}

function mergeValues(a: Value, b: Value): Value {
  if (samePieces(a, b)) return a;
  return isNumeric(a) && isNumeric(b) ? numberValue : unknownValue;
}

function mergeFunctions(a: State['functions'], b: State['functions']): State['functions'] {
  if (a === b) return a;
  let same = true;
  const merged = new Map(a);
  for (const [name, bodies] of b) {
    const known = a.get(name) ?? [];
    const added = bodies.filter(({ node }) => !known.some((body) => body.node === node));
    if (added.length === 0) continue;
    same = false;
    merged.set(name, [...known, ...added].slice(0, mostBodies));
  }
  return same ? a : merged;
}
