import { dirname } from 'node:path';
import type { Layer, Rule } from './sandbox.ts';

/** A rule whose path is real and exists. */
export type FoundRule = Rule & { readonly folder: boolean };

const holds = (outer: string, path: string): boolean =>
  outer === '/' || path === outer || path.startsWith(`${outer}/`);

/**
 * The rules as layers, the outer ones first. What is read-only or hidden within something writable has its parent folders pinned by
 * layers of their own: one that could be renamed would take its place for another.
 */
export function layersOf(found: readonly FoundRule[]): readonly Layer[] {
  const last = new Map<string, FoundRule>();
  for (const rule of found) {
    // A guard only takes away: of a project in the home, `.farhand` stays hidden.
    const before = last.get(rule.path);
    if (rule.access !== 'guarded' || !before || before.access === 'write') last.set(rule.path, rule);
  }
  const layers = new Map<string, Layer>();
  for (const { path, access, folder } of [...last.values()].sort(byLength)) {
    const around = [...layers.values()]
      .filter((layer) => holds(layer.path, path))
      .sort(byLength)
      .at(-1);
    if (around && changesNothing(access, around.access)) continue;
    layers.set(path, { path, access: access === 'guarded' ? 'read' : access, folder });
    if (around?.access !== 'write') continue;
    for (let up = dirname(path); up.length > around.path.length; up = dirname(up))
      layers.set(up, { path: up, access: 'write', folder: true });
  }
  return [...layers.values()].sort(byLength);
}

const byLength = (a: { readonly path: string }, b: { readonly path: string }) =>
  a.path.length - b.path.length;

function changesNothing(access: Rule['access'], around: Layer['access']): boolean {
  if (access === 'guarded') return around !== 'write';
  if (access === 'hidden' || access === 'private') return around === 'hidden' || around === 'private';
  return access === around;
}
