import * as z from 'zod';
import { defineTool } from './define.ts';
import { diffPreview, looksBinary } from './diff-preview.ts';
import { contentOf, type FileChange, prepareChange } from './file-change.ts';
import { isProblem, locate } from './paths.ts';
import type { Problem, ToolContext } from './tool.ts';

const input = z.strictObject({
  file_path: z.string().min(1).describe('The file to change'),
  old_string: z
    .string()
    .min(1)
    .describe('The text to replace, exactly as it stands in the file, without line numbers'),
  new_string: z.string().describe('The text to put in its place'),
  replace_all: z.boolean().optional().describe('Replace every occurrence'),
  expected_replacements: z
    .int()
    .min(1)
    .optional()
    .describe('Replace every occurrence if there are exactly this many'),
});

export const edit = defineTool({
  name: 'Edit',
  description:
    'Replaces an exact text in a file. The text must occur exactly once, unless replace_all or expected_replacements ' +
    'is given: add lines around it to make it unique. Paths are absolute or relative to the working directory.',
  input,
  example: { file_path: 'src/main.ts', old_string: 'let count = 1;', new_string: 'let count = 2;' },
  aliases: { path: 'file_path' },
  replay: 'verify',
  access: 'edit',
  targets: ({ file_path }) => [file_path],
  preview: async (call, context) => [diffPreview(call.file_path, await planEdit(call, context))],
  async prepare(call, context) {
    const change = await planEdit(call, context);
    return isProblem(change) ? change : prepareChange(change, context);
  },
});

async function planEdit(call: z.output<typeof input>, context: ToolContext): Promise<FileChange | Problem> {
  if (call.old_string === call.new_string)
    return { problem: 'old_string and new_string are the same, so there is nothing to change.' };
  const place = await locate(call.file_path, context);
  if (isProblem(place)) return place;
  const before = await contentOf(place);
  if (before === null) return { problem: `${place.shown} does not exist. Create it with Write.` };
  if (isProblem(before)) return before;
  if (looksBinary(before))
    return { problem: `${place.shown} is a binary file (or UTF-16 text). Use a Bash command for it.` };

  const [old, next] = inLineEndingsOf(before, call.old_string, call.new_string);
  const pieces = split(before, old);
  const found = pieces.length - 1;
  const wrong = wrongCount(found, call);
  if (wrong) return { problem: `${place.shown}: ${wrong} Nothing was changed.` };
  const times = found === 1 ? '1 replacement' : `${found} replacements`;
  const line = lineCount(pieces[0] ?? before);
  return {
    place,
    before,
    after: join(pieces, next),
    done: `Edited ${place.shown}: ${times}, the first in line ${line}.`,
  };
}

function wrongCount(found: number, call: z.output<typeof input>): string | null {
  const { replace_all: all, expected_replacements: expected } = call;
  if (found === 0)
    return 'old_string does not occur. Read the file and copy the text exactly, with its white space.';
  if (expected !== undefined)
    return found === expected ? null : `old_string occurs ${found} times, not ${expected} as expected.`;
  if (found === 1 || all) return null;
  return `old_string occurs ${found} times. Add lines around it to make it unique, or set replace_all.`;
}

/** In a file whose every line ends in CR LF, a model means the same lines when it writes LF, as Read shows them. */
function inLineEndingsOf(content: Buffer, ...texts: [string, string]): [Buffer, Buffer] {
  const lineFeeds = split(content, Buffer.from('\n')).length;
  const crlf = lineFeeds > 1 && split(content, Buffer.from('\r\n')).length === lineFeeds;
  const bytes = (text: string) => Buffer.from(crlf ? text.replace(/\r?\n/g, '\r\n') : text);
  return [bytes(texts[0]), bytes(texts[1])];
}

/** On bytes, so that what is not valid UTF-8 elsewhere in the file stays as it is. */
function split(content: Buffer, separator: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  for (let at = content.indexOf(separator); at !== -1; at = content.indexOf(separator, start)) {
    pieces.push(content.subarray(start, at));
    start = at + separator.length;
  }
  return [...pieces, content.subarray(start)];
}

function join(pieces: readonly Buffer[], separator: Buffer): Buffer {
  return Buffer.concat(pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece])));
}

const lineCount = (before: Buffer): number => split(before, Buffer.from('\n')).length;
