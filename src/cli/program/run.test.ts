import { describe, expect, it } from 'vitest';
import { program } from '../commands/index.ts';
import { testIo } from '../test-io.ts';
import { type Command, isGroup } from './command.ts';
import { runProgram } from './run.ts';

async function farhand(...argv: string[]) {
  const io = testIo({ env: { FARHAND_HOME: '/dev/null/home' } });
  const code = await runProgram(argv, program, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

/** Every command with the words that call it. */
async function everyCommand(): Promise<
  readonly { readonly words: readonly string[]; readonly command: Command }[]
> {
  const loaded = await Promise.all(
    Object.entries(program.entries).map(async ([name, entry]) => ({ name, found: await entry.load() })),
  );
  return loaded.flatMap(({ name, found }) =>
    isGroup(found)
      ? Object.entries(found.commands).map(([sub, command]) => ({ words: [name, sub], command }))
      : [{ words: [name], command: found }],
  );
}

describe('the command line as a whole', () => {
  it('prints its version', async () => {
    for (const flag of ['--version', '-v'])
      expect(await farhand(flag)).toMatchObject({ code: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  });

  it('has a help page for every command, with usage, examples and exit codes', async () => {
    for (const { words, command } of await everyCommand()) {
      const { code, stdout } = await farhand(...words, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`farhand ${words.join(' ')} — ${command.about}`);
      expect(stdout).toMatch(/\nUsage\n/);
      expect(stdout, words.join(' ')).toMatch(/\nExamples\n {2}# .+\n {2}\S/);
      expect(stdout).toContain('Exit codes: 0 done, 1 failed, 2 wrong usage, 130');
      expect(await farhand('help', ...words)).toMatchObject({ code, stdout });
    }
  });

  it('lists every command on its main page', async () => {
    const { code, stdout } = await farhand('--help');
    expect(code).toBe(0);
    for (const name of Object.keys(program.entries)) expect(stdout).toContain(`\n  ${name}`);
    expect(stdout).toContain('remote, server');
  });

  it.each([
    [['reomte'], 'Did you mean "remote"?'],
    [['agents', 'lss'], 'Did you mean "ls"?'],
    [['xyzzy'], 'farhand --help'],
    [['fix the tests'], 'farhand -p "<prompt>"'],
    [['help', 'agnets'], 'Did you mean "agents"?'],
    [['shim'], 'install, remove'],
    [['chat', '--agnt', 'x'], 'Did you mean --agent?'],
    [['chat', '--agent'], '--agent needs a value'],
    [['chat', '--agent', '--new'], '--agent needs a value'],
    [['chat', '--new=yes'], '--new takes no value'],
    [['-p', 'x', '--output-format', 'xml'], 'text, json, stream-json'],
    [['--backend', 'cloud', 'chat'], 'It is one of: local'],
    [['-p', 'x', '--timeout', 'soon'], '--timeout must be a number of seconds'],
    [['-p', 'x', '--mode', 'yolo'], 'Modes: standard, acceptEdits, unrestricted, strict'],
    [['-p', 'one', 'two'], 'Text of several words goes in quotes'],
    [['agents', 'create'], '<name> is missing'],
    [['agents', 'ls', 'extra'], 'takes no words'],
    [['approvals', 'allow'], 'an id, or --all'],
    [['completions', 'tcsh'], 'bash, zsh, fish'],
    [['conversations', 'show', '--limit', '0'], 'from 1 to 1000'],
  ])('%j is wrong usage: %s', async (argv, said) => {
    const { code, stdout, stderr } = await farhand(...argv);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^farhand: /);
    expect(stdout).toBe('');
    // A home that cannot be used is told only to those whose command line can be followed.
    expect(code).toBe(2);
  });

  it('tells programs of an error as the one JSON document of standard output', async () => {
    const usage = await farhand('agents', 'ls', 'extra', '--json');
    expect(usage).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(usage.stdout)).toEqual({
      error: { code: 'usage', message: expect.stringContaining('extra') },
    });
    const failed = await farhand('--json', 'agents');
    expect(failed).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(failed.stdout)).toEqual({
      error: { code: 'home_unwritable', message: expect.stringContaining('FARHAND_HOME') },
    });
  });

  it('tells people what happened, why, and what to do', async () => {
    const { code, stderr } = await farhand('chat');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^farhand: Farhand cannot write to its home .+ \(.+\)\. Make it writable, or set FARHAND_HOME/,
    );
  });
});
