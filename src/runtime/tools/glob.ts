import { join, posix } from 'node:path';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { isProblem, locate, type Place } from './paths.ts';
import { listFiles, searchRoot, shortcomings } from './ripgrep.ts';
import type { ToolContext, ToolResult } from './tool.ts';

const maxFiles = 200;

const input = z.strictObject({
  pattern: z
    .string()
    .min(1)
    .describe('As **/*.ts or src/{a,b}/*.json; without a slash only the folder itself'),
  path: z.string().min(1).optional().describe('The folder to start from; the working directory if left out'),
});

export const glob = defineTool({
  name: 'Glob',
  description: `Finds files by name, the latest changed first, at most ${maxFiles}. Leaves out what ignore files (.gitignore) name. For content use Grep.`,
  input,
  example: { pattern: 'src/**/*.test.ts' },
  replay: 'safe',
  access: 'read',
  targets: (call) => [rooted(call).folder],
  async prepare(call, context) {
    const { folder, pattern } = rooted(call);
    const place = await locate(folder, context, 'read');
    return isProblem(place)
      ? place
      : prepared(`Searching ${place.shown}`, (signal) => find(place, pattern, context, signal));
  },
});

/** The leading part of a pattern that names folders literally belongs to the folder, so that reach is known. */
function rooted({ pattern, path = '.' }: z.output<typeof input>): { folder: string; pattern: string } {
  const parts = pattern.split('/');
  const magic = parts.findIndex((part) => /[*?[\]{}\\]/.test(part));
  const literal = parts.slice(0, magic === -1 ? -1 : magic).join('/');
  const rest = parts.slice(magic === -1 ? -1 : magic).join('/');
  const absolute = pattern.startsWith('/') || pattern.startsWith('~/');
  if (absolute) return { folder: literal || '/', pattern: rest };
  return { folder: posix.join(path, literal), pattern: rest };
}

async function find(
  place: Place,
  pattern: string,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ToolResult> {
  const root = await searchRoot(place);
  if (isProblem(root)) return failure(root.problem);
  if (root.target !== '.') return failure(`${place.shown} is a file, so nothing lies in it.`);
  const [matching, listed] = await Promise.all([
    listFiles(root, ['--sortr=modified', `--glob=/${pattern}`], context, signal),
    // A glob on the command line overrides ignore files, so what they leave in is asked for separately.
    listFiles(root, [], context, signal),
  ]);
  if (isProblem(matching)) return failure(matching.problem);
  if (isProblem(listed)) return failure(listed.problem);
  const notIgnored = new Set(listed.records);
  const files = matching.records.filter((file) => notIgnored.has(file));
  const shown = files.slice(0, maxFiles).map((file) => join(place.shown, file));
  if (shown.length === 0) shown.push(`Nothing in ${place.shown} matches ${pattern}.`);
  if (files.length > maxFiles)
    shown.push(`[${files.length - maxFiles} older files match too. Narrow the pattern.]`);
  return success([...shown, ...shortcomings(matching, listed)].join('\n'));
}
