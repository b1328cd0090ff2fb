import type { Frame } from '../protocol/frames.ts';
import { idPattern, type Scope } from '../protocol/shapes.ts';

/** A frame of the peer this client chose to connect to; null when it is none. What a model made up may be nested however deep. */
export function parseFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isFrame(value) ? value : null;
}

const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** The scope that a `runtime` names, or null. */
export function scopeOf(runtime: unknown): Scope | null {
  if (typeof runtime !== 'object' || runtime === null) return null;
  const { agent_id, conversation_id } = runtime as { agent_id?: unknown; conversation_id?: unknown };
  if (agent_id !== null && !isId(agent_id)) return null;
  return isId(conversation_id) ? { agent_id, conversation_id } : null;
}

const isId = (value: unknown): value is string => typeof value === 'string' && idPattern.test(value);
