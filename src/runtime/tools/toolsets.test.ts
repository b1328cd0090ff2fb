import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { snakeName } from './alias.ts';
import { bash } from './bash.ts';
import { inFolder } from './in-folder.ts';
import { call, makeContext, reaches } from './test-context.ts';
import { allTools, reservedNames, toolNames, toolsetOf } from './toolsets.ts';

const tool = (name: string) => {
  const found = allTools.find((one) => one.name === name);
  if (!found) throw new Error(`no tool ${name}`);
  return found;
};

describe('the toolset of a model', () => {
  it.each([
    ['openai/gpt-5.2', 'codex'],
    ['openai/o3-mini', 'codex'],
    ['openrouter/openai/gpt-5-codex', 'codex'],
    ['openai/codex-mini', 'codex'],
    ['google_ai/gemini-3-pro', 'gemini'],
    ['openrouter/google/gemini-3-flash', 'gemini'],
    ['ollama/gpt-oss:20b', 'default'],
    ['anthropic/claude-opus-5', 'default'],
    ['lmstudio/qwen3-8b', 'default'],
    ['ollama/olmo-2', 'default'],
    ['demo', 'default'],
    ['', 'default'],
  ])('%s is %s', (handle, toolset) => expect(toolsetOf(handle)).toBe(toolset));

  it('is picked by its family unless the person chose one', () => {
    expect(toolNames(undefined, 'openai/gpt-5')).toEqual(toolNames('codex', ''));
    expect(toolNames('auto', 'openai/gpt-5')).toEqual(toolNames('codex', ''));
    expect(toolNames('default', 'openai/gpt-5')).toContain('Bash');
    expect(toolNames('no such toolset', 'x')).toEqual(toolNames('default', ''));
    expect(toolNames('none', 'openai/gpt-5')).toEqual([]);
  });
});

describe('the names of a toolset', () => {
  // Names as stock has them (captures of 0.25.9 and 0.32.18).
  it.each([
    ['codex', ['ShellCommand', 'ApplyPatch', 'UpdatePlan', 'ViewImage']],
    ['codex_snake', ['shell_command', 'apply_patch', 'update_plan', 'view_image']],
    [
      'gemini',
      [
        'RunShellCommand',
        'ReadFileGemini',
        'ListDirectory',
        'GlobGemini',
        'SearchFileContent',
        'Replace',
        'WriteFileGemini',
        'WriteTodos',
        'ReadManyFiles',
      ],
    ],
    [
      'gemini_snake',
      [
        'run_shell_command',
        'read_file',
        'list_directory',
        'glob',
        'search_file_content',
        'replace',
        'write_file',
        'write_todos',
        'read_many_files',
      ],
    ],
  ])('%s: its own, and what has no other name', (toolset, own) => {
    const names = toolNames(toolset, '');
    expect(names.slice(0, own.length)).toEqual(own);
    expect(names).toEqual(expect.arrayContaining(['AskUserQuestion', 'EnterPlanMode', 'WebFetch']));
    expect(names).not.toEqual(expect.arrayContaining(['Bash']));
    expect(new Set(names).size).toBe(names.length);
  });

  it('are all of tools that are there, each once', () => {
    const names = allTools.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining([...toolNames('letta', ''), ...toolNames('codex', '')]));
    expect(reservedNames).toContain('ShellCommand');
    expect(reservedNames).not.toContain('read_file');
  });

  it('are what providers take', () => {
    for (const { name } of allTools) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,63}$/);
    expect(snakeName('ReadManyFiles')).toBe('read_many_files');
  });
});

describe('a tool under another name', () => {
  it.each([
    ['ShellCommand', 'Bash'],
    ['shell_command', 'Bash'],
    ['RunShellCommand', 'Bash'],
    ['run_shell_command', 'Bash'],
    ['read_file', 'Read'],
    ['ViewImage', 'Read'],
    ['Replace', 'Edit'],
    ['write_file', 'Write'],
    ['apply_patch', 'ApplyPatch'],
  ])('%s keeps the rules of %s', (name, rule) => expect(tool(name).rule).toBe(rule));

  it.each(['ShellCommand', 'run_shell_command'])(
    '%s has the deeds of the very command that it runs',
    async (name) => {
      const context = await makeContext();
      for (const command of ['ls', 'rm -rf /', 'echo x > ../out'])
        expect(await tool(name).deeds({ command }, context)).toEqual(await bash.deeds({ command }, context));
      const [folder] = [join(context.root, "it's here")];
      const key = name === 'ShellCommand' ? 'workdir' : 'dir_path';
      expect(await tool(name).deeds({ command: 'cat x', [key]: folder }, context)).toEqual(
        await bash.deeds({ command: inFolder('cat x', folder) }, context),
      );
      expect(tool(name).replay).toBe('once');
    },
  );

  it('runs a command in the folder that was asked for, and not at all without it', async () => {
    const context = await makeContext();
    const folder = join(context.cwd, "it's $(here)");
    await mkdir(folder);
    const shell = (input: Record<string, unknown>) => call(tool('ShellCommand'), input, context);
    expect(await shell({ command: 'pwd', workdir: folder })).toMatchObject({
      status: 'success',
      text: folder,
    });
    expect(await shell({ command: 'cat <<X\nhello\nX\npwd # here', workdir: folder })).toMatchObject({
      text: `hello\n${folder}`,
    });
    const missing = await shell({ command: 'touch a; touch b', workdir: 'none' });
    expect(missing.status).toBe('error');
    expect(await shell({ command: 'ls' })).toMatchObject({ text: "it's $(here)" });
    expect(await shell({ command: 'sleep 60', timeout_ms: 50 })).toMatchObject({ status: 'error' });
  });

  it.each([
    ['ReadFileGemini', { file_path: 'a', offset: 1, limit: 1 }, '     2\ttwo\n'],
    ['read_file', { absolute_path: 'a', offset: 0, limit: 1 }, '     1\tone\n'],
    ['list_directory', { path: '.' }, 'a\nb.md'],
    ['GlobGemini', { pattern: '*.md' }, 'b.md'],
    ['search_file_content', { pattern: 'tw', include: 'a' }, 'a:2:two'],
    ['ReadManyFiles', { include: ['*'], exclude: ['*.md'] }, '--- a ---\none\ntwo\nthree\n'],
    ['replace', { file_path: 'a', old_string: 'two', new_string: '2' }, 'Edited a: 1 replacement'],
    ['WriteFileGemini', { file_path: 'new', content: 'x' }, 'Created new (1 bytes).'],
    ['view_image', { path: 'a' }, 'one'],
  ])('%s does its work', async (name, input, said) => {
    const context = await makeContext();
    await writeFile(join(context.cwd, 'a'), 'one\ntwo\nthree\n');
    await writeFile(join(context.cwd, 'b.md'), 'words\n');
    const result = await call(tool(name), input, context);
    expect(result.status).toBe('success');
    expect(result.text).toContain(said);
  });

  it('shows an edit to the person as the tool itself does', async () => {
    const context = await makeContext();
    await writeFile(join(context.cwd, 'a'), 'one\n');
    const input = { file_path: 'a', old_string: 'one', new_string: '1' };
    expect(await tool('Replace').preview?.(input, context)).toMatchObject([
      { mode: 'advanced', fileName: 'a' },
    ]);
    expect(await reaches(tool('replace'), input, context)).toEqual(['edit-inside']);
    expect(await readFile(join(context.cwd, 'a'), 'utf8')).toBe('one\n');
  });

  it('says what is wrong under its own name, and leaves out what it does not know', () => {
    expect(tool('ShellCommand').check({})).toContain('Wrong input for ShellCommand: `command` is required');
    expect(tool('ShellCommand').check({ command: 'ls', login: true, sandbox_permissions: 'x' })).toBeNull();
  });

  it.each([['../x'], ['/etc/passwd'], ['~/x'], ['a/../../x']])(
    'ReadManyFiles stays below the folder: %s',
    (path) => {
      expect(tool('ReadManyFiles').check({ include: [path] })).toContain(
        'must be below the working directory',
      );
    },
  );
});
