import * as z from 'zod';
import { defineTool } from './define.ts';
import { diffPreview } from './diff-preview.ts';
import { contentOf, type FileChange, prepareChange } from './file-change.ts';
import { isProblem, locate } from './paths.ts';
import type { Problem, ToolContext } from './tool.ts';

const input = z.strictObject({
  file_path: z.string().min(1).describe('The file to create or overwrite'),
  content: z.string().describe('The whole new content'),
});

export const write = defineTool({
  name: 'Write',
  description:
    'Creates a file, or replaces all of an existing one; missing folders are made. Paths are absolute or relative ' +
    'to the working directory. To change a part of a file use Edit.',
  input,
  example: { file_path: 'notes/todo.txt', content: 'first line\n' },
  aliases: { path: 'file_path' },
  replay: 'verify',
  access: 'edit',
  targets: ({ file_path }) => [file_path],
  preview: async (call, context) => [diffPreview(call.file_path, await planWrite(call, context))],
  async prepare(call, context) {
    const change = await planWrite(call, context);
    return isProblem(change) ? change : prepareChange(change, context);
  },
});

async function planWrite(
  { file_path, content }: z.output<typeof input>,
  context: ToolContext,
): Promise<FileChange | Problem> {
  const place = await locate(file_path, context);
  if (isProblem(place)) return place;
  const before = await contentOf(place);
  if (before && isProblem(before)) return before;
  const after = Buffer.from(content);
  const done = `${before ? 'Overwrote' : 'Created'} ${place.shown} (${after.length} bytes).`;
  return { place, before, after, done };
}
