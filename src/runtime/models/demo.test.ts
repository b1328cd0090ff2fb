import { describe, expect, it } from 'vitest';
import type { TranscriptItem } from '../../core/transcript.ts';
import { tools } from '../tools/index.ts';
import { demoModel } from './demo.ts';
import type { ModelPart, ModelRequest } from './model.ts';

const user = (content: unknown): TranscriptItem => ({ kind: 'user', id: 'u', at: 0, content, otid: null });
const said = { id: 'm', at: 0, run: 'r1' };
const call = (id: string, name = 'Bash'): TranscriptItem => ({
  kind: 'call',
  call: id,
  name,
  args: '{}',
  ...said,
});
const result = (id: string, status: 'success' | 'error', text: string): TranscriptItem => ({
  kind: 'result',
  call: id,
  status,
  text,
  ...said,
});

async function partsOf(transcript: TranscriptItem[], more: Partial<ModelRequest> = {}): Promise<ModelPart[]> {
  const model = demoModel({ wait: () => Promise.resolve() });
  const parts: ModelPart[] = [];
  const request = { system: 'one two', transcript, tools, signal: new AbortController().signal, ...more };
  for await (const part of model.stream(request)) parts.push(part);
  return parts;
}

const textOf = (parts: ModelPart[]) => parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
const callsOf = (parts: ModelPart[]) =>
  parts.flatMap((part): [string, unknown][] =>
    part.kind === 'call' ? [[part.name, JSON.parse(part.args)]] : [],
  );
const question = (asked: string, ...labels: string[]) => ({
  questions: [
    {
      question: asked,
      header: 'Demo',
      multiSelect: false,
      options: labels.map((label) => ({ label, description: `Answer "${label}"` })),
    },
  ],
});

describe('a command', () => {
  it.each([
    ['run ls -l | wc', 'Bash', { command: 'ls -l | wc' }],
    ['  run  ls\n', 'Bash', { command: 'ls' }],
    ['read ../a file.txt', 'Read', { file_path: '../a file.txt' }],
    ['write a.txt one\n two', 'Write', { file_path: 'a.txt', content: 'one\n two' }],
    [
      'edit a.txt one two => three',
      'Edit',
      { file_path: 'a.txt', old_string: 'one two', new_string: 'three' },
    ],
    ['edit a.txt gone =>', 'Edit', { file_path: 'a.txt', old_string: 'gone', new_string: '' }],
    ['ls', 'LS', { path: '.' }],
    ['ls /tmp', 'LS', { path: '/tmp' }],
    ['glob **/*.ts', 'Glob', { pattern: '**/*.ts' }],
    ['grep a b', 'Grep', { pattern: 'a b' }],
    ['ask Tea? | yes | no', 'AskUserQuestion', question('Tea?', 'yes', 'no')],
  ])('%j calls %s with %j', async (text, name, input) => {
    const parts = await partsOf([user(text)]);
    expect(callsOf(parts)).toEqual([[name, input]]);
    expect(tools.find((tool) => tool.name === name)?.check(input)).toBeNull();
    expect(parts.at(-1)).toMatchObject({ kind: 'finish', reason: 'tool_calls' });
    expect(textOf(parts)).toBe(`[demo] Calling ${name}.`);
  });

  it.each([
    'run',
    'read',
    'write a.txt',
    'edit a.txt b',
    'glob',
    'grep',
    'ask Tea?',
    'ask Tea? | yes',
    'ask | a | b',
  ])('%j is told how it is written', async (text) => {
    const parts = await partsOf([user(text)]);
    expect(textOf(parts)).toMatch(/^\[demo\] That is not complete\. Type: /);
    expect(parts.at(-1)).toMatchObject({ kind: 'finish', reason: 'end_turn' });
  });

  it('is one of several where inputs were merged or came one after another', async () => {
    const merged = [
      { type: 'text', text: 'run a' },
      { type: 'text', text: '\n' },
      { type: 'text', text: 'read b' },
    ];
    const parts = await partsOf([user(merged), user('run c')]);
    expect(callsOf(parts).map(([name]) => name)).toEqual(['Bash', 'Read', 'Bash']);
    const ids = parts.flatMap((part) => (part.kind === 'call' ? [part.id] : []));
    expect(new Set(ids).size).toBe(3);
  });

  it('is not carried out again after it was answered', async () => {
    const parts = await partsOf([user('run a'), call('1'), result('1', 'success', 'x'), user('thank you')]);
    expect(callsOf(parts)).toEqual([]);
  });

  it('needs its tool', async () => {
    const parts = await partsOf([user('run a')], { tools: [] });
    expect(textOf(parts)).toBe('[demo] The tool Bash is not offered here.');
    expect(callsOf(parts)).toEqual([]);
  });
});

it.each(['hello', '', 'constructor', 7])(
  '%j gets the help: no AI, what to type, how to set a model',
  async (content) => {
    const text = textOf(await partsOf([user(content)]));
    expect(text).toMatch(/^\[demo\] This is the built-in demo model\. It is not an AI/);
    expect(text).toContain('\n  run <command> ');
    expect(text).toContain('farhand connect');
  },
);

describe('a tool result', () => {
  const shown = async (...results: TranscriptItem[]) =>
    textOf(await partsOf([user('run a'), call('1'), call('2', 'Read'), ...results]));

  it('is shown', async () => {
    expect(await shown(result('1', 'success', 'out\n'), result('2', 'success', ''))).toBe(
      '[demo] Bash returned:\nout\nRead returned:\n(no text)',
    );
  });

  it('is shown in part where it is long', async () => {
    const text = await shown(result('1', 'success', 'line\n'.repeat(50)));
    expect(text.split('\n')).toHaveLength(12);
    expect(text).toMatch(/… \(\d+ more characters\)$/);
  });

  it('is called denied, or not a success', async () => {
    expect(await shown(result('1', 'error', 'Denied by the person.'))).toBe(
      '[demo] Bash was denied: Denied by the person.',
    );
    expect(await shown(result('2', 'error', 'No such file'))).toBe(
      '[demo] Read did not succeed: No such file',
    );
  });
});

describe('the stream', () => {
  it('comes word by word with a wait between', async () => {
    const waits: number[] = [];
    const model = demoModel({
      pieceMs: 9,
      wait: async (ms) => {
        waits.push(ms);
      },
    });
    const parts: ModelPart[] = [];
    const request = { system: '', transcript: [user('run a')], tools, signal: new AbortController().signal };
    for await (const part of model.stream(request)) parts.push(part);
    expect(parts.slice(0, 3)).toEqual([
      { kind: 'text', text: '[demo] ' },
      { kind: 'text', text: 'Calling ' },
      { kind: 'text', text: 'Bash.' },
    ]);
    expect(waits).toEqual([9, 9]);
  });

  it('ends at an abort without a failure, in the middle of a wait', async () => {
    const caller = new AbortController();
    const model = demoModel({ pieceMs: 60_000 });
    const parts = model
      .stream({ system: '', transcript: [user('hi')], tools, signal: caller.signal })
      [Symbol.asyncIterator]();
    expect(await parts.next()).toMatchObject({ value: { kind: 'text' } });
    const next = parts.next();
    caller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('counts words', async () => {
    expect((await partsOf([user('run echo a')])).at(-1)).toMatchObject({
      usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 },
    });
  });
});
