import type * as z from 'zod';

/** What is wrong first in a body, and where: the closest look any of its possible readings got. */
export type Issue = { path: readonly PropertyKey[]; message: string; missing: boolean };

export function firstIssue({ issues }: Pick<z.ZodError, 'issues'>): Issue {
  const [first] = issues;
  if (!first) return { path: [], message: 'Invalid input', missing: false };
  const { path, message } = first;
  const here: Issue = { path, message, missing: message.endsWith('received undefined') };
  if (first.code !== 'invalid_union') return here;
  // A reading that fails at `type` was never meant.
  const meant = first.errors.filter((branch) => !branch.some((issue) => issue.path[0] === 'type'));
  const closer = (meant.length > 0 ? meant : first.errors)
    .map((branch) => firstIssue({ issues: branch }))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return closer && closer.path.length > 0 ? { ...closer, path: [...path, ...closer.path] } : here;
}

/** A place as JavaScript would write it: `input[1].output`. */
export function placeOf({ path }: Issue): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? String(step) : `.${String(step)}`))
    .join('');
}
