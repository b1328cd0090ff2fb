import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from '../../core/facts.ts';
import type { TranscriptItem } from '../../core/transcript.ts';
import type { Model, ModelPart, ModelRequest } from './model.ts';

export type DemoOptions = {
  /** Between two words, in milliseconds; default 12, so that one sees the text stream. */
  readonly pieceMs?: number;
  /** Waits; resolves early when the signal aborts. Default: the machine's timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

type Call = { readonly tool: string; readonly input: Readonly<Record<string, unknown>> };
type Command = {
  readonly usage: string;
  readonly does: string;
  readonly tool: string;
  /** Null where the words after the command are not what it takes. */
  readonly input: (words: string) => Call['input'] | null;
};

/** The model of a first start: fixed rules that drive the real tools and approvals, with no network and no key. */
export function demoModel({ pieceMs = 12, wait = waitOnTimer }: DemoOptions = {}): Model {
  async function* stream(request: ModelRequest): AsyncGenerator<ModelPart> {
    const { signal } = request;
    const { text, calls } = answerTo(request);
    for (const [i, piece] of piecesOf(`[demo] ${text}`).entries()) {
      if (i > 0) await wait(pieceMs, signal);
      if (signal.aborted) return;
      yield { kind: 'text', text: piece };
    }
    const parts = calls.map(({ tool, input }, n) => ({
      kind: 'call' as const,
      id: `demo-${request.transcript.length}-${n + 1}`,
      name: tool,
      args: JSON.stringify(input),
    }));
    yield* parts;
    const usage = usageOf(request, [text, ...parts.map((part) => part.args)]);
    yield { kind: 'finish', reason: calls.length > 0 ? 'tool_calls' : 'end_turn', usage };
  }
  return { handle: 'demo', window: null, stream };
}

const takesAll = (field: string) => (words: string) => (words === '' ? null : { [field]: words });

const COMMANDS: Readonly<Record<string, Command>> = {
  run: { usage: 'run <command>', does: 'run a shell command', tool: 'Bash', input: takesAll('command') },
  read: { usage: 'read <path>', does: 'read a file', tool: 'Read', input: takesAll('file_path') },
  write: {
    usage: 'write <path> <text>',
    does: 'write a file',
    tool: 'Write',
    input: (words) => {
      const [, file_path, content] = /^(\S+)\s+(.+)$/s.exec(words) ?? [];
      return file_path && content ? { file_path, content } : null;
    },
  },
  edit: {
    usage: 'edit <path> <old> => <new>',
    does: 'replace text in a file',
    tool: 'Edit',
    input: (words) => {
      const [, file_path, old_string, new_string = ''] = /^(\S+)\s+(.+?)\s*=>\s*(.*)$/s.exec(words) ?? [];
      return file_path && old_string ? { file_path, old_string, new_string } : null;
    },
  },
  ls: { usage: 'ls [path]', does: 'list a folder', tool: 'LS', input: (words) => ({ path: words || '.' }) },
  glob: { usage: 'glob <pattern>', does: 'find files by name', tool: 'Glob', input: takesAll('pattern') },
  grep: { usage: 'grep <pattern>', does: 'search in files', tool: 'Grep', input: takesAll('pattern') },
  ask: {
    usage: 'ask <question> | <option> | <option>',
    does: 'be asked a question',
    tool: 'AskUserQuestion',
    input: questionOf,
  },
};

function questionOf(words: string): Call['input'] | null {
  const [question = '', ...labels] = words.split('|').map((part) => part.trim());
  if (question === '' || labels.length < 2 || labels.includes('')) return null;
  const options = labels.map((label) => ({ label, description: `Answer "${label}"` }));
  return { questions: [{ question, header: 'Demo', options, multiSelect: false }] };
}

const HELP = `This is the built-in demo model. It is not an AI: it follows a few fixed rules, but the tools and approvals are real. You can type:

${Object.values(COMMANDS)
  .map(({ usage, does }) => `  ${usage.padEnd(38)}${does}`)
  .join('\n')}

For a real model, in a terminal on this machine:

  farhand connect               brings one of a provider, or of a server of yours
  farhand models                shows which there are
  farhand models use <model>    chooses one, from the next message on

Ollama and LM Studio on this machine are found by themselves.`;

function answerTo({ transcript, tools }: ModelRequest): { text: string; calls: readonly Call[] } {
  if (transcript.at(-1)?.kind === 'result') return { text: resultsText(transcript), calls: [] };
  const asked = newestTexts(transcript).flatMap((text) => commandIn(text) ?? []);
  if (asked.length === 0) return { text: HELP, calls: [] };
  const calls: Call[] = [];
  const lines = asked.map(({ command, words }) => {
    const input = command.input(words);
    if (input === null) return `That is not complete. Type: ${command.usage}`;
    if (!tools.some((tool) => tool.name === command.tool))
      return `The tool ${command.tool} is not offered here.`;
    calls.push({ tool: command.tool, input });
    return `Calling ${command.tool}.`;
  });
  return { text: lines.join('\n'), calls };
}

function commandIn(text: string): { command: Command; words: string } | null {
  const [, verb = '', words = ''] = /^\s*(\S+)(.*)$/s.exec(text) ?? [];
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  return command ? { command, words: words.trim() } : null;
}

/** Every text since the model last spoke: inputs that were merged hold one part each, and each may be a command. */
function newestTexts(transcript: readonly TranscriptItem[]): string[] {
  const users = transcript.slice(transcript.findLastIndex((item) => item.kind !== 'user') + 1);
  const said = users.length > 0 ? users : transcript.filter((item) => item.kind === 'user').slice(-1);
  return said.flatMap((item) => (item.kind === 'user' ? textsIn(item.content) : []));
}

function textsIn(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  if (Array.isArray(content)) return content.flatMap((part: unknown) => textsIn(part));
  if (typeof content !== 'object' || content === null || !('text' in content)) return [];
  return typeof content.text === 'string' ? [content.text] : [];
}

function resultsText(transcript: readonly TranscriptItem[]): string {
  const results = transcript.slice(transcript.findLastIndex((item) => item.kind !== 'result') + 1);
  const names = new Map(transcript.flatMap((item) => (item.kind === 'call' ? [[item.call, item.name]] : [])));
  return results
    .flatMap((item) => (item.kind === 'result' ? [resultText(names.get(item.call) ?? 'The tool', item)] : []))
    .join('\n');
}

function resultText(name: string, { status, text }: Extract<TranscriptItem, { kind: 'result' }>): string {
  const what = text.trim() === '' ? '(no text)' : excerpt(text.trimEnd());
  if (status === 'success') return `${name} returned:\n${what}`;
  return /\b(denied|declined|rejected|not approved)\b/i.test(text)
    ? `${name} was denied: ${what}`
    : `${name} did not succeed: ${what}`;
}

const EXCERPT_LINES = 10;
const EXCERPT_CHARACTERS = 600;

function excerpt(text: string): string {
  const lines = text.split('\n');
  const shown = lines.slice(0, EXCERPT_LINES).join('\n').slice(0, EXCERPT_CHARACTERS);
  return shown.length < text.length ? `${shown}\n… (${text.length - shown.length} more characters)` : shown;
}

/** Words with the space after them. */
function piecesOf(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** In words, because the demo has no tokens. */
function usageOf({ system, transcript }: ModelRequest, said: readonly string[]): Usage {
  const read = transcript.flatMap((item) => {
    if (item.kind === 'user') return textsIn(item.content);
    return item.kind === 'call' ? item.args : item.text;
  });
  const prompt_tokens = wordsIn([system, ...read]);
  const completion_tokens = wordsIn(said);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function wordsIn(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + piecesOf(text).length, 0);
}

function waitOnTimer(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
