import { type Fields, isObject, listOf, textOf } from './fields.ts';

/** All calls of a delta, which may stand in one of two fields. */
export function callsOf(delta: Fields): readonly Fields[] {
  const many = listOf(delta.tool_calls).filter(isObject);
  return many.length > 0 ? many : [delta.tool_calls, delta.tool_call].filter(isObject).slice(0, 1);
}

/** All results of a delta: a list, or one at its top level; the device's own deltas have both. */
export function resultsOf(delta: Fields): readonly Fields[] {
  const many = listOf(delta.tool_returns).filter(isObject);
  return (many.length > 0 ? many : [delta]).filter((result) => typeof result.tool_call_id === 'string');
}

/** Ids of results that are not final: what a tool has printed so far, the whole of it each time. */
const progressId = /^synthetic-tool-return-stream-/;
export const isProgress = (delta: Fields): boolean =>
  delta.message_type === 'tool_return_message' && progressId.test(textOf(delta.id) ?? '');
