import type { Frame } from '../protocol/frames.ts';
import type { Privilege } from '../protocol/privileges.ts';
import { commandSpec, routeOf } from '../protocol/routing.ts';

/** [SEC-3] What a client must be allowed to hear this unasked; a frame that nobody can classify needs `admin`. */
export function privilegeOf(type: string): Privilege {
  const route = routeOf(type);
  return route?.kind === 'event' || route?.kind === 'push' ? route.privilege : 'admin';
}

/** The fields of such a frame that are hidden from those who only observe. */
export function hiddenIn(type: string): readonly string[] {
  const route = routeOf(type);
  if (!route) return [];
  return route.kind === 'reply' ? (commandSpec(route.command)?.redact ?? []) : route.redact;
}

/** The frame as observers are told it; the same object where nothing is hidden. `delta.text` hides a field inside another, also in each item of a list. */
export function forObservers(frame: Frame): Frame {
  let shown: unknown = frame;
  for (const path of hiddenIn(frame.type)) shown = without(shown, path.split('.'));
  return shown as Frame;
}

function without(value: unknown, [name, ...deeper]: readonly string[]): unknown {
  if (name === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => without(item, [name, ...deeper]));
  const { [name]: hidden, ...rest } = value as Record<string, unknown>;
  return deeper.length === 0 ? rest : { ...rest, [name]: without(hidden, deeper) };
}
