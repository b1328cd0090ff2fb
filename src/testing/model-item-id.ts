import type { Block } from './model-answer.ts';

const PREFIXES: Record<Block['kind'], string> = { reasoning: 'rs', text: 'msg', call: 'fc' };

/** The id of an answer's item. It tells whether the answer was thought about, so that nothing need be remembered. */
export function itemId(kind: Block['kind'], request: string, at: number, thought: boolean): string {
  return `${PREFIXES[kind]}_${thought ? 'a' : 'b'}${request}_${at}`;
}

/** The id of the reasoning that came with the item of this id, if one did. */
export function reasoningIdFor(id: string): string | undefined {
  const request = /^[a-z]+_a(.+)_\d+$/.exec(id)?.[1];
  return request === undefined ? undefined : itemId('reasoning', request, 0, true);
}
