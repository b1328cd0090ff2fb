import * as z from 'zod';
import { defineTool } from './define.ts';
import { diffPreview } from './diff-preview.ts';
import { type FileChange, openFile, prepareChanges, sha256 } from './file-change.ts';
import { decodeFile, encodeFile, type FileText, formNote, plainForm, type TextForm } from './file-text.ts';
import { isProblem } from './paths.ts';
import type { Problem, ToolContext } from './tool.ts';

const input = z.strictObject({
  file_path: z.string().min(1).describe('The file to create or overwrite'),
  content: z.string().describe('The whole new content'),
});

export const write = defineTool({
  name: 'Write',
  description:
    'Creates a file, or replaces all of an existing one, which must have been read before; missing folders are made. ' +
    'Encoding and line ends of an existing file are kept. Paths are absolute or relative to the working directory. ' +
    'To change a part of a file use Edit.',
  input,
  example: { file_path: 'notes/todo.txt', content: 'first line\n' },
  aliases: { path: 'file_path' },
  replay: 'verify',
  access: 'edit',
  targets: ({ file_path }) => [file_path],
  preview: async (call, context) => [diffPreview(call.file_path, await planWrite(call, context))],
  async prepare(call, context) {
    const change = await planWrite(call, context);
    return isProblem(change) ? change : prepareChanges([change], change.done, context);
  },
});

type Written = FileChange & { readonly after: Buffer; readonly done: string };

async function planWrite(
  { file_path, content }: z.output<typeof input>,
  context: ToolContext,
): Promise<Written | Problem> {
  const open = await openFile(file_path, context);
  if (isProblem(open)) return open;
  const { place, before } = open;
  const { bytes: after, form } = inFormOf(before && decodeFile(before), content);
  const isKnown = context.seen.has(place.real) || !before?.length || sha256(before) === sha256(after);
  if (!isKnown)
    return {
      problem: `${place.shown} exists and was not read in this conversation, so what is in it would be lost unseen. Read it first, or change a part of it with Edit.`,
    };
  const note = [`${after.length} bytes`, formNote(form)].filter(Boolean).join(', ');
  return { place, before, after, done: `${before ? 'Overwrote' : 'Created'} ${place.shown} (${note}).` };
}

/** As the file was: its encoding where that has room for the text, and CR LF where every line ended so. */
function inFormOf(old: FileText | null, content: string): { bytes: Buffer; form: TextForm } {
  const text = old && isAllCrLf(old.text) ? content.replace(/\r?\n/g, '\r\n') : content;
  const form = old ?? plainForm;
  // A mark that the model wrote itself is not doubled.
  const bytes = encodeFile(form.bom ? text.replace(/^\uFEFF/, '') : text, form);
  return bytes ? { bytes, form } : { bytes: Buffer.from(text), form: plainForm };
}

const isAllCrLf = (text: string): boolean => text.includes('\n') && !/(^|[^\r])\n/.test(text);
