import type { CallItem, Transcript } from '../../client/transcript.ts';
import { isObject } from './fields.ts';
import { oneLine, printableOutput } from './printable.ts';

/** The argument that says most about a call, and the tools for which it does, under each of their names. */
const telling: Readonly<Record<string, readonly string[]>> = {
  command: ['Bash', 'ShellCommand', 'shell_command', 'RunShellCommand', 'run_shell_command'],
  file_path: [
    ...['Read', 'ReadFileGemini', 'read_file'],
    ...['Write', 'WriteFileGemini', 'write_file'],
    ...['Edit', 'MultiEdit', 'Replace', 'replace'],
  ],
  notebook_path: ['NotebookEdit'],
  pattern: ['Glob', 'GlobGemini', 'glob', 'Grep', 'SearchFileContent', 'search_file_content'],
  path: ['LS', 'ViewImage', 'view_image'],
  dir_path: ['ListDirectory', 'list_directory'],
  url: ['WebFetch'],
  query: ['WebSearch'],
};
/** Those that are shown in full elsewhere. */
const silent = ['AskUserQuestion', 'ExitPlanMode'];
const widest = 100;

/** A call on one line: `Bash npm test`. */
export function callLine(name: string, input: Readonly<Record<string, unknown>>): string {
  if (silent.includes(name)) return name;
  const [argument = ''] = Object.entries(telling).find(([, names]) => names.includes(name)) ?? [];
  const told = patchedFiles(name, input) ?? input[argument];
  const text = typeof told === 'string' ? told : Object.keys(input).length > 0 ? JSON.stringify(input) : '';
  return `${oneLine(name, 40)} ${oneLine(text, widest)}`.trimEnd();
}

/** What a patch is about: the files in its headers. */
function patchedFiles(name: string, { input }: Readonly<Record<string, unknown>>): string | null {
  if (!['ApplyPatch', 'apply_patch'].includes(name) || typeof input !== 'string') return null;
  const files = [...input.matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map(([, file]) => file);
  return files.length > 0 ? files.join(', ') : null;
}

/** Arguments as a model wrote them; anything but a JSON object is shown as it is. */
export function inputOf(args: string | undefined): Record<string, unknown> {
  if (args === undefined || args.trim() === '') return {};
  try {
    const input: unknown = JSON.parse(args);
    if (isObject(input)) return input;
  } catch {
    // A model may write what is no JSON; the runtime answers it, here it is only shown.
  }
  return { raw: args };
}

/** A call of a transcript by its id. */
export function callIn({ items }: Transcript, id: string): CallItem | null {
  const call = items.find((item) => item.kind === 'call' && item.id === id);
  return call?.kind === 'call' ? call : null;
}

/** The call that was started last and still runs. */
export function runningCall({ items }: Transcript): CallItem | null {
  const running = items.findLast((item) => item.kind === 'call' && item.status === 'running');
  return running?.kind === 'call' ? running : null;
}

/** The last line that a running tool has printed so far. */
export function liveOutput(transcript: Transcript): string | null {
  const output = runningCall(transcript)?.output;
  return output == null ? null : (printableOutput(output).trimEnd().split('\n').at(-1) ?? null);
}
