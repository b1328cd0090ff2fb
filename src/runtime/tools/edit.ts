import * as z from 'zod';
import { commonStart } from './common-ends.ts';
import { defineTool } from './define.ts';
import { countLineEnds, diffPreview, diffText } from './diff-preview.ts';
import { encoded, type FileChange, openText, prepareChanges } from './file-change.ts';
import { isProblem } from './paths.ts';
import { type Replacement, replaceIn } from './replacement.ts';
import type { Problem, ToolContext } from './tool.ts';

const replacement = {
  old_string: z
    .string()
    .min(1)
    .describe('The text to replace, exactly as it stands in the file, without line numbers'),
  new_string: z.string().describe('The text to put in its place'),
  replace_all: z.boolean().optional().describe('Replace every occurrence'),
};
const file_path = z.string().min(1).describe('The file to change');

export const edit = defineTool({
  name: 'Edit',
  description:
    'Replaces an exact text in a file. The text must occur exactly once, unless replace_all or expected_replacements ' +
    'is given: add lines around it to make it unique. Line ends stay as the file has them. Paths are absolute or relative ' +
    'to the working directory.',
  input: z.strictObject({
    file_path,
    ...replacement,
    expected_replacements: z
      .int()
      .min(1)
      .optional()
      .describe('Replace every occurrence if there are exactly this many'),
  }),
  example: { file_path: 'src/main.ts', old_string: 'let count = 1;', new_string: 'let count = 2;' },
  aliases: { path: 'file_path' },
  replay: 'verify',
  access: 'edit',
  targets: (call) => [call.file_path],
  preview: async (call, context) => [
    diffPreview(call.file_path, await planEdits(call.file_path, [call], context)),
  ],
  prepare: (call, context) => prepareEdits(call.file_path, [call], context),
});

export const multiEdit = defineTool({
  name: 'MultiEdit',
  description:
    'Makes several exact replacements in one file, in their order: each sees the text that the ones before it left. ' +
    'All of them are made, or none. What holds for the texts of Edit holds here.',
  input: z.strictObject({ file_path, edits: z.array(z.strictObject(replacement)).min(1).max(200) }),
  example: {
    file_path: 'src/main.ts',
    edits: [
      { old_string: 'let count = 1;', new_string: 'let total = 1;' },
      { old_string: 'count', new_string: 'total', replace_all: true },
    ],
  },
  aliases: { path: 'file_path' },
  replay: 'verify',
  access: 'edit',
  targets: (call) => [call.file_path],
  preview: async (call, context) => [
    diffPreview(call.file_path, await planEdits(call.file_path, call.edits, context)),
  ],
  prepare: (call, context) => prepareEdits(call.file_path, call.edits, context),
});

type Edited = FileChange & { readonly count: number; readonly line: number };

async function prepareEdits(path: string, edits: readonly Replacement[], context: ToolContext) {
  const change = await planEdits(path, edits, context);
  if (isProblem(change)) return change;
  const times = change.count === 1 ? '1 replacement' : `${change.count} replacements`;
  const done = `Edited ${change.place.shown}: ${times}, the first change in line ${change.line}.`;
  return prepareChanges([change], [done, diffText(change)].filter(Boolean).join('\n'), context);
}

async function planEdits(
  path: string,
  edits: readonly Replacement[],
  context: ToolContext,
): Promise<Edited | Problem> {
  const open = await openText(path, context);
  if (isProblem(open)) return open;
  const { place, before, file } = open;
  let { text } = file;
  let count = 0;
  for (const [index, one] of edits.entries()) {
    const replaced = replaceIn(text, one);
    const which = edits.length > 1 ? `edit ${index + 1} of ${edits.length}: ` : '';
    if ('wrong' in replaced)
      return { problem: `${place.shown}: ${which}${replaced.wrong} Nothing was changed.` };
    text = replaced.text;
    count += replaced.count;
  }
  if (text === file.text)
    return { problem: `${place.shown}: the edits cancel each other out. Nothing was changed.` };
  const after = encoded(text, file, place);
  if (isProblem(after)) return after;
  return { place, before, after, count, line: firstChange(file.text, text) };
}

const firstChange = (old: string, next: string): number => countLineEnds(old, commonStart(old, next)) + 1;
