import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { sha256 } from './file-change.ts';
import { decodeFile } from './file-text.ts';
import { maxOutput, wellFormed } from './output-file.ts';
import { isProblem, locate, type Place } from './paths.ts';
import { listFiles, searchRoot, shortcomings } from './ripgrep.ts';
import type { ToolContext, ToolResult } from './tool.ts';

const maxBytes = 1024 * 1024;
const maxNames = 200;

const pattern = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('/') && !text.startsWith('~') && !text.split('/').includes('..'), {
    message: 'must be below the working directory',
  });

export const readManyFiles = defineTool({
  name: 'ReadManyFiles',
  description: `Shows several text files of the working directory one after another, ${maxOutput} characters in all. Leaves out what ignore files (.gitignore) name.`,
  input: z.object({
    include: z.array(pattern).min(1).describe('Paths or patterns, as README.md or src/**/*.ts'),
    exclude: z.array(pattern).optional().describe('Patterns of what to leave out'),
  }),
  example: { include: ['README.md', 'src/**/*.ts'], exclude: ['**/*.test.ts'] },
  replay: 'safe',
  access: 'read',
  async prepare({ include, exclude = [] }, context) {
    const place = await locate('.', context, 'read');
    return isProblem(place)
      ? place
      : prepared('Reading files', (signal) => readAll(place, include, exclude, context, signal));
  },
});

async function readAll(
  place: Place,
  include: readonly string[],
  exclude: readonly string[],
  context: ToolContext,
  signal: AbortSignal,
): Promise<ToolResult> {
  const root = await searchRoot(place);
  if (isProblem(root)) return failure(root.problem);
  const globs = [...include.map((one) => `--glob=/${one}`), ...exclude.map((one) => `--glob=!${one}`)];
  const [matching, listed] = await Promise.all([
    listFiles(root, ['--sort=path', ...globs], context, signal),
    // A glob on the command line overrides ignore files, so what they leave in is asked for separately.
    listFiles(root, [], context, signal),
  ]);
  if (isProblem(matching)) return failure(matching.problem);
  if (isProblem(listed)) return failure(listed.problem);
  const notIgnored = new Set(listed.records);
  const files = matching.records.filter((file) => notIgnored.has(file));
  if (files.length === 0) return success(`Nothing matches ${include.join(', ')}.`);
  const parts: string[] = [];
  const left: string[] = [];
  let room = maxOutput;
  for (const file of files) {
    signal.throwIfAborted();
    const text = room > 0 ? await textOf(join(root.folder, file), context) : null;
    if (text === null) left.push(file);
    else {
      parts.push(`--- ${file} ---`, wellFormed(text.slice(0, room)));
      if (text.length > room) parts.push(`[${text.length - room} more characters; use Read.]`);
      room -= text.length;
    }
  }
  if (left.length > 0)
    parts.push(`[Not shown: ${left.slice(0, maxNames).join(', ')}${left.length > maxNames ? ', …' : ''}]`);
  return success([...parts, ...shortcomings(matching, listed)].join('\n'));
}

/** Null for what is too long or no text. */
async function textOf(path: string, { seen }: ToolContext): Promise<string | null> {
  if ((await stat(path)).size > maxBytes) return null;
  const bytes = await readFile(path);
  const text = decodeFile(bytes)?.text ?? null;
  if (text !== null) seen.set(path, sha256(bytes));
  return text;
}
