import { join } from 'node:path';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { maxOutput, wellFormed } from './output-file.ts';
import { isProblem, locate, type Place } from './paths.ts';
import { listFiles, type Root, ripgrep, searchRoot, shortcomings } from './ripgrep.ts';
import type { ToolContext, ToolResult } from './tool.ts';

const maxLines = 1_000;
const contextLines = z.int().min(0).max(100).optional();

const input = z.strictObject({
  pattern: z.string().min(1).describe('A regular expression as ripgrep takes it'),
  path: z.string().min(1).optional().describe('A file or folder; the working directory if left out'),
  glob: z.string().min(1).optional().describe('Only files that match, as *.ts or src/**'),
  type: z.string().min(1).optional().describe('Only files of this type, as ts, py, md'),
  output_mode: z
    .enum(['content', 'files_with_matches', 'count'])
    .default('files_with_matches')
    .describe('content: the lines; files_with_matches: the file names; count: matching lines by file'),
  '-i': z.boolean().optional().describe('Upper and lower case are the same'),
  '-n': z.boolean().optional().describe('With line numbers (content); on unless false'),
  '-A': contextLines.describe('Lines to show after each match (content)'),
  '-B': contextLines.describe('Lines to show before each match (content)'),
  '-C': contextLines.describe('Lines to show around each match (content)'),
  multiline: z.boolean().optional().describe('Matches may span lines, and . matches line ends'),
  head_limit: z
    .int()
    .min(1)
    .max(maxLines)
    .optional()
    .describe(`Most lines to return; ${maxLines} if left out`),
});

type Call = z.output<typeof input>;

export const grep = defineTool({
  name: 'Grep',
  description:
    'Searches the content of files with a regular expression. Leaves out what ignore files (.gitignore) name and ' +
    'binary files. For file names use Glob.',
  input,
  example: { pattern: 'function \\w+Handler', glob: '*.ts', output_mode: 'content' },
  aliases: { context: '-C', case_insensitive: '-i', file_path: 'path' },
  replay: 'safe',
  access: 'read',
  targets: ({ path }) => [path ?? '.'],
  async prepare(call, context) {
    const place = await locate(call.path ?? '.', context, 'read');
    return isProblem(place)
      ? place
      : prepared(`Searching ${place.shown}`, (signal) => search(call, place, context, signal));
  },
});

async function search(
  call: Call,
  place: Place,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ToolResult> {
  const root = await searchRoot(place);
  if (isProblem(root)) return failure(root.problem);
  const separator = call.output_mode === 'files_with_matches' ? '\0' : '\n';
  const [found, searched] = await Promise.all([
    ripgrep(root, optionsOf(call), separator, context, signal),
    // A glob on the command line overrides ignore files, so what they leave in is asked for separately.
    call.glob === undefined ? null : listFiles(root, [], context, signal),
  ]);
  if (isProblem(found)) return failure(found.problem);
  if (searched && isProblem(searched)) return failure(searched.problem);

  const known = searched && new Set(searched.records.map((file) => `./${file}`));
  const wanted = found.records.map(parse).filter(({ file }) => !known || file === null || known.has(file));
  const lines = wanted.map(({ file, rest }) =>
    file === null ? rest : `${shownFile(file, root, place)}${rest}`,
  );
  const kept = limited(withoutStraySeparators(lines), call.head_limit ?? maxLines);
  if (kept.length === 0) kept.push(`Nothing in ${place.shown} matches ${call.pattern}.`);
  return success([...kept, ...shortcomings(...[found, searched ?? []].flat())].join('\n'));
}

function optionsOf(call: Call): string[] {
  const options = ['--null', '--with-filename', '--sort=path', `--regexp=${call.pattern}`];
  if (call.output_mode === 'files_with_matches') options.push('--files-with-matches');
  if (call.output_mode === 'count') options.push('--count');
  if (call.output_mode === 'content') {
    options.push('--max-columns=500', '--max-columns-preview', '--no-heading');
    options.push(call['-n'] === false ? '--no-line-number' : '--line-number');
    if (call['-A'] !== undefined) options.push(`--after-context=${call['-A']}`);
    if (call['-B'] !== undefined) options.push(`--before-context=${call['-B']}`);
    if (call['-C'] !== undefined) options.push(`--context=${call['-C']}`);
  }
  if (call['-i']) options.push('--ignore-case');
  if (call.multiline) options.push('--multiline', '--multiline-dotall');
  if (call.type !== undefined) options.push(`--type=${call.type}`);
  if (call.glob !== undefined) options.push(`--glob=${call.glob}`);
  return options;
}

/** `--null` puts a NUL after the file name, so that no name can be taken for something else. */
function parse(record: string): { file: string | null; rest: string } {
  const end = record.indexOf('\0');
  if (end !== -1) return { file: record.slice(0, end), rest: `:${record.slice(end + 1)}` };
  return record.startsWith('./') ? { file: record, rest: '' } : { file: null, rest: record };
}

function shownFile(file: string, root: Root, place: Place): string {
  return root.target === '.' ? join(place.shown, file) : place.shown;
}

/** Lines of context are set apart by `--`; leaving out files can leave several, or one at an end. */
function withoutStraySeparators(lines: readonly string[]): string[] {
  return lines.filter((line, index) => line !== '--' || (index > 0 && (lines[index + 1] ?? '--') !== '--'));
}

function limited(lines: readonly string[], most: number): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (kept.length === most || length > maxOutput) {
      kept.push(`[${lines.length - kept.length} more lines. Narrow the search.]`);
      break;
    }
    kept.push(wellFormed(line));
  }
  return kept;
}
