import type * as z from 'zod';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What is wrong with a value, for the person who wrote it: the first bad place, what must stand there, and what does. */
export function explain(first: Issue, value: unknown): { message: string; issue: Issue } {
  const { issue, path } = meant(first, []);
  const found = at(value, path);
  const place = path.length === 0 ? 'it' : pathText(path);
  const what = expectation(issue);
  if (found === undefined) return { message: `${place} is missing; it ${what}`, issue };
  return { message: `${place} ${what}${contrast(issue, found)}`, issue };
}

/** The issue itself; of a union, that of the branch which fits best: one that got further than the kind of value. */
function meant(issue: Issue, under: Path): { issue: Issue; path: Path } {
  const path = [...under, ...issue.path];
  if (issue.code !== 'invalid_union') return { issue, path };
  const branches = issue.errors.flatMap(([first]) => (first ? [meant(first, path)] : []));
  const fits = branches.find(
    (branch) => branch.path.length > path.length || branch.issue.code !== 'invalid_type',
  );
  return fits ?? { issue, path };
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${named(issue.expected)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values.map((value) => JSON.stringify(value)))}`;
    case 'invalid_union':
      return `must be ${oneOf(unionOptions(issue))}`;
    case 'too_big':
      return counted(issue.origin, 'most', issue.maximum);
    case 'too_small':
      return issue.minimum === 1 && issue.origin === 'string'
        ? 'must not be empty'
        : counted(issue.origin, 'least', issue.minimum);
    default:
      return issue.message;
  }
}

function unionOptions(issue: Extract<Issue, { code: 'invalid_union' }>): string[] {
  if ('options' in issue && Array.isArray(issue.options))
    return issue.options.map((option) => JSON.stringify(option));
  return issue.errors.flatMap(([first]) => (first?.code === 'invalid_type' ? [named(first.expected)] : []));
}

/** What was found, unless the expectation already says it. */
function contrast({ code }: Issue, found: unknown): string {
  if (code === 'custom' || found === '') return '';
  return `, not ${code === 'too_big' || code === 'too_small' ? sizeOf(found) : shown(found)}`;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};
const named = (kind: string): string => kinds[kind] ?? kind;

function counted(origin: string, end: 'most' | 'least', count: number | bigint): string {
  if (origin === 'number') return `must be at ${end} ${count}`;
  return `must have at ${end} ${count} ${origin === 'string' ? 'characters' : 'items'}`;
}

function sizeOf(found: unknown): string {
  return typeof found === 'string' || Array.isArray(found) ? String(found.length) : shown(found);
}

function shown(found: unknown): string {
  if (typeof found === 'string') return JSON.stringify(clip(found));
  if (Array.isArray(found)) return 'a list';
  if (typeof found === 'object' && found !== null) return 'an object';
  return String(found);
}

const oneOf = (options: readonly string[]): string =>
  options.length < 2 ? options.join('') : `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`;

const pathText = (path: Path): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${clip(String(key))}`))
    .join('')
    .replace(/^\./, '');

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inside, key) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, key) : undefined),
    value,
  );
}

/** The beginning of a text that a peer wrote, short enough for an error message. */
export const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
