import { describe, expect, it } from 'vitest';
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
    expect(bash.check({ command: 'ls', run_in_background: true })).toContain('run_in_background');
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

describe('the list of tools', () => {
  it('finds by exact name', () => {
    expect(tools.map(({ name }) => name)).toEqual([
      'Bash',
      'Read',
      'Write',
      'Edit',
      'Glob',
      'Grep',
      'LS',
      'AskUserQuestion',
    ]);
    expect(findTool('Bash')).toBe(bash);
    expect(findTool('bash')).toBeNull();
  });

  it('[TOOL-1] declares what may run again', () => {
    expect(Object.fromEntries(tools.map(({ name, replay }) => [name, replay]))).toEqual({
      Bash: 'once',
      Read: 'safe',
      Write: 'verify',
      Edit: 'verify',
      Glob: 'safe',
      Grep: 'safe',
      LS: 'safe',
      AskUserQuestion: 'safe',
    });
  });

  it('reaches as the permission rules see it', async () => {
    const context = await makeContext();

    const question = { question: 'Q?', header: 'h', options: [{ label: 'A' }, { label: 'B' }] };
    const inputs: Record<string, Record<string, unknown>> = {
      Bash: { command: 'ls' },
      Read: { file_path: 'a' },
      Write: { file_path: 'a', content: '' },
      Edit: { file_path: 'a', old_string: 'a', new_string: 'b' },
      Glob: { pattern: '*' },
      Grep: { pattern: 'x' },
      LS: {},
      AskUserQuestion: { questions: [question] },
    };
    const each = tools.map(async (tool) => [
      tool.name,
      await reaches(tool, inputs[tool.name] ?? {}, context),
    ]);
    expect(Object.fromEntries(await Promise.all(each))).toEqual({
      Bash: ['execute'],
      Read: ['read-inside'],
      Write: ['edit-inside'],
      Edit: ['edit-inside'],
      Glob: ['read-inside'],
      Grep: ['read-inside'],
      LS: ['read-inside'],
      AskUserQuestion: ['question'],
    });
  });
});
