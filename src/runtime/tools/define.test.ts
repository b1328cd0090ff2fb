import { describe, expect, it } from 'vitest';
import type { ReplayClass } from '../../core/facts.ts';
import type { Reach } from '../../core/permission.ts';
import { askUserQuestion } from './ask-user-question.ts';
import { bash } from './bash.ts';
import { edit } from './edit.ts';
import { grep } from './grep.ts';
import { findTool, tools } from './index.ts';
import { read } from './read.ts';
import { call, makeContext, reaches } from './test-context.ts';

describe('the input of tools', () => {
  it('has one JSON Schema per tool, closed where a forgotten parameter would change the meaning', () => {
    expect(bash.parameters).toMatchObject({
      type: 'object',
      required: ['command'],
      additionalProperties: false,
      properties: { command: { type: 'string' }, timeout: { type: 'number', maximum: 600_000 } },
    });
    expect(grep.parameters).toMatchObject({
      required: ['pattern'],
      properties: { '-i': { type: 'boolean' } },
    });
    for (const tool of tools) {
      expect(JSON.stringify(tool.parameters)).not.toContain('$schema');
      expect(JSON.stringify(tool.parameters)).not.toContain(String(Number.MAX_SAFE_INTEGER));
    }
  });

  it('says what is wrong and how to call the tool right', () => {
    expect(bash.check({})).toBe(
      'Wrong input for Bash: `command` is required. A right call: Bash {"command":"npm test","description":"Run the tests"}',
    );
    expect(bash.check({ command: 'ls', shell: 'zsh' })).toContain('shell');
    expect(bash.check({ command: 'ls', timeout: 700_000 })).toContain('`timeout`');
    expect(bash.check({ command: 'a\0b' })).toContain('NUL');
    expect(read.check({ file_path: 'x', limit: '5' })).toContain('`limit`');
    expect(askUserQuestion.check({ questions: [{ question: 'Q?', header: 'h', options: [] }] })).toContain(
      '`questions.0.options`',
    );
  });

  it('accepts other spellings of parameters, at every level', () => {
    expect(bash.check({ cmd: 'npm test' })).toBeNull();
    expect(edit.check({ filePath: 'a', oldString: 'x', newString: 'y', replaceAll: true })).toBeNull();
    expect(read.check({ path: 'a' })).toBeNull();
    const options = [{ label: 'A' }, { label: 'B' }];
    expect(
      askUserQuestion.check({ questions: [{ question: 'Q?', header: 'h', multi_select: 7, options }] }),
    ).toContain('`questions.0.multiSelect`');
  });

  it('prefers the right name to an alias beside it', async () => {
    const context = await makeContext();
    expect(await call(bash, { cmd: 'echo alias', command: 'echo right' }, context)).toMatchObject({
      text: 'right',
    });
  });

  it('takes null for not given', () => {
    expect(read.check({ file_path: 'a', offset: null, limit: null })).toBeNull();
    expect(read.check({ file_path: null })).toContain('`file_path` is required');
  });

  it('does not look for parameters behind __proto__', () => {
    expect(bash.check(JSON.parse('{"__proto__": {"command": "ls"}}'))).toContain('`command` is required');
    expect(bash.check({ command: 'ls', constructor: 1 })).toContain('constructor');
  });

  it('is a problem to prepare, and nobody knows its reach, when it is wrong', async () => {
    const context = await makeContext();
    expect(await read.prepare({}, context)).toMatchObject({
      problem: expect.stringContaining('Wrong input'),
    });
    expect(await reaches(read, {}, context)).toEqual(['execute']);
    expect(await edit.preview?.({}, context)).toEqual([]);
  });
});

const question = { question: 'Q?', header: 'h', options: [{ label: 'A' }, { label: 'B' }] };
const swap = { old_string: 'a', new_string: 'b' };

/** Every tool in the order of models: whether it may run again, and how far a call reaches. */
const table: readonly (readonly [name: string, ReplayClass, input: Record<string, unknown>, Reach])[] = [
  ['Bash', 'once', { command: 'npm test' }, 'execute'],
  ['TaskOutput', 'safe', { task_id: 'task-1' }, 'internal'],
  ['TaskStop', 'safe', { task_id: 'task-1' }, 'internal'],
  ['Monitor', 'once', { command: 'npm test', description: 'tests' }, 'execute'],
  ['Read', 'safe', { file_path: 'a' }, 'read-inside'],
  ['Write', 'verify', { file_path: 'a', content: '' }, 'edit-inside'],
  ['Edit', 'verify', { file_path: 'a', ...swap }, 'edit-inside'],
  ['MultiEdit', 'verify', { file_path: '../a', edits: [swap] }, 'edit-outside'],
  ['NotebookEdit', 'verify', { notebook_path: 'a.ipynb', cell_number: 1 }, 'edit-inside'],
  ['Glob', 'safe', { pattern: '*' }, 'read-inside'],
  ['Grep', 'safe', { pattern: 'x' }, 'read-inside'],
  ['LS', 'safe', {}, 'read-inside'],
  ['WebFetch', 'safe', { url: 'https://example.com' }, 'network'],
  ['WebSearch', 'safe', { query: 'x' }, 'network'],
  ['TodoWrite', 'safe', { todos: [] }, 'internal'],
  ['EnterPlanMode', 'safe', {}, 'internal'],
  ['ExitPlanMode', 'safe', { plan: 'x' }, 'question'],
  ['AskUserQuestion', 'safe', { questions: [question] }, 'question'],
];

describe('the list of tools', () => {
  it('finds by exact name', () => {
    expect(tools.map(({ name }) => name)).toEqual(table.map(([name]) => name));
    expect(findTool('Bash')).toBe(bash);
    expect(findTool('bash')).toBeNull();
  });

  it.each(table)(
    '[TOOL-1] declares whether %s may run again, and how far it reaches',
    async (name, replay, input, reach) => {
      const tool = findTool(name);
      expect(tool).toMatchObject({ replay });
      expect(tool?.check(input)).toBeNull();
      expect(tool && (await reaches(tool, input, await makeContext()))).toEqual([reach]);
    },
  );
});
