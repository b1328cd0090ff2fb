import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { FileMark, Mark } from '../../core/facts.ts';
import { failure, prepared, success } from './define.ts';
import { codeOf, reasonOf } from './errno.ts';
import { decodeFile, encodeFile, type FileText, formNote, type TextForm } from './file-text.ts';
import { isProblem, locate, type Place } from './paths.ts';
import { removeFile, replaceFile } from './replace-file.ts';
import type { Prepared, Problem, ToolContext, ToolResult } from './tool.ts';

/** A change of one file that is worked out and not made. */
export type FileChange = {
  readonly place: Place;
  /** Null when there is no file yet. */
  readonly before: Buffer | null;
  /** Null when the file goes. */
  readonly after: Buffer | null;
  /** The file whose mode a new one takes over. */
  readonly like?: Place;
};

/** A file that is about to be changed, as it is. */
export type OpenFile = { readonly place: Place; readonly before: Buffer | null };

const largest = 16 * 1024 * 1024;
export const binaryNote = 'is a binary file (or UTF-16 text without a byte order mark)';

/** The content of a regular file; null when nothing is there. */
export async function contentOf(place: Place): Promise<Buffer | Problem | null> {
  try {
    const found = await stat(place.real);
    if (found.isDirectory()) return { problem: `${place.shown} is a folder. Give the path of a file.` };
    if (!found.isFile()) return { problem: `${place.shown} is not a regular file, so it is left alone.` };
    if (found.size > largest)
      return {
        problem: `${place.shown} has ${found.size} bytes, more than ${largest}. Use a Bash command for it.`,
      };
    return await readFile(place.real);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    return { problem: `${place.shown} cannot be read: ${reasonOf(error)}.` };
  }
}

/** [TOOL-8] A file for a change. A problem when it is not as this conversation saw it last: somebody else has changed it. */
export async function openFile(asked: string, context: ToolContext): Promise<OpenFile | Problem> {
  const place = await locate(asked, context);
  if (isProblem(place)) return place;
  const before = await contentOf(place);
  if (before && isProblem(before)) return before;
  const seen = context.seen.get(place.real);
  if (before && seen !== undefined && seen !== sha256(before))
    return { problem: `${place.shown} has changed since you last saw it. Read it again, then change it.` };
  return { place, before };
}

/** The same for a file of text that must be there. */
export async function openText(
  asked: string,
  context: ToolContext,
): Promise<(OpenFile & { readonly before: Buffer; readonly file: FileText }) | Problem> {
  const open = await openFile(asked, context);
  if (isProblem(open)) return open;
  const { place, before } = open;
  if (before === null) return { problem: `${place.shown} does not exist. Create it with Write.` };
  const file = decodeFile(before);
  return file
    ? { place, before, file }
    : { problem: `${place.shown} ${binaryNote}. Use a Bash command for it.` };
}

/** The bytes of a text in the form of its file. */
export function encoded(text: string, form: TextForm, { shown }: Place): Buffer | Problem {
  return (
    encodeFile(text, form) ?? {
      problem: `${shown} is ${formNote(form)}, which has no room for all of these characters. Convert the file to UTF-8 first.`,
    }
  );
}

/**
 * Makes the changes in their order, each whole or not at all. Carries the marks by which looking at the files settles a lost call (TOOL-4).
 * `done` is told to the model once all are made.
 */
export function prepareChanges(changes: readonly FileChange[], done: string, context: ToolContext): Prepared {
  const marks = changes.map(markOf);
  const [only] = marks;
  const mark: Mark = only && marks.length === 1 ? only : marks;
  const work = async (signal: AbortSignal): Promise<ToolResult> => {
    for (const [index, { place }] of changes.entries()) {
      if ((await hashOf(place.real)) !== marks[index]?.before)
        return failure(
          `${place.shown} has changed since this call was made ready. Nothing was written; read it again.`,
        );
    }
    const made: FileChange[] = [];
    try {
      for (const [index, change] of changes.entries()) {
        signal.throwIfAborted();
        await make(change, context);
        made.push(change);
        remember(change, marks[index]?.after ?? null, context);
      }
      return { ...success(done), wrote: written(made) };
    } catch (error) {
      if (made.length === 0) throw error;
      const names = made.map(({ place }) => place.shown).join(', ');
      const why = signal.aborted ? 'Interrupted' : `Stopped: ${reasonOf(error)}`;
      return {
        ...failure(`${why}. Already changed: ${names}; the rest is as it was.`),
        wrote: written(made),
      };
    }
  };
  const names = changes.map(({ place }) => place.shown).join(', ');
  return { mark, ...prepared(`Writing ${names}`, work) };
}

/** Settles a lost call: `done` had its effect, `absent` had none, `unknown` cannot be told, or half of it is there (TOOL-4). */
export async function lookAt(mark: Mark): Promise<'done' | 'absent' | 'unknown'> {
  try {
    const marks: readonly FileMark[] = [mark].flat();
    const looks = await Promise.all(marks.map(async (one) => ({ ...one, now: await hashOf(one.path) })));
    if (looks.every(({ now, after }) => now === after)) return 'done';
    return looks.every(({ now, before }) => now === before) ? 'absent' : 'unknown';
  } catch {
    // What cannot be read cannot be told; the caller reports that.
    return 'unknown';
  }
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const markOf = ({ place, before, after }: FileChange): FileMark => ({
  path: place.real,
  before: before && sha256(before),
  after: after && sha256(after),
});

const make = ({ place, after, like }: FileChange, { callId }: ToolContext): Promise<void> =>
  after ? replaceFile(place.real, after, callId, like?.real) : removeFile(place.real);

/** Our own change is none that somebody has to be told of. */
function remember({ place }: FileChange, after: string | null, { seen }: ToolContext): void {
  if (after === null) seen.delete(place.real);
  else seen.set(place.real, after);
}

const written = (made: readonly FileChange[]) =>
  made.flatMap(({ place, after }) =>
    after ? [{ path: place.real, content: decodeFile(after)?.text ?? after.toString('utf8') }] : [],
  );

async function hashOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  return hash.digest('hex');
}
