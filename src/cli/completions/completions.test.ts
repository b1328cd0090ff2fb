import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { program } from '../commands/index.ts';
import { completionScript, shells } from './scripts.ts';
import { placesOf } from './words.ts';

const places = await placesOf(program.entries);

/** What bash itself offers for a line, its last word being typed. */
function bashOffers(line: string): string[] {
  const words = line.split(' ');
  const script = `${completionScript('bash', places)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_farhand
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const found = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', cwd: '/' });
  return found.split('\n').filter(Boolean);
}

describe('completions', () => {
  it('know every command, every sub-command and every flag', () => {
    const all = new Map(places.map(({ after, words }) => [after, words.map(({ word }) => word)]));
    expect(all.get('')).toEqual(
      expect.arrayContaining([...Object.keys(program.entries), 'server', 'help', '-p']),
    );
    expect(all.get('agents')).toEqual(['ls', 'show', 'prompt', 'create', 'delete']);
    expect(all.get('server')).toEqual(all.get('remote'));
    expect(all.get('remote')).toEqual(
      expect.arrayContaining(['--env-name', '--computer-name', '--url', '--backend']),
    );
    expect(all.get('approvals allow')).toEqual(
      expect.arrayContaining(['--all', '--conversation', '--json', '--help']),
    );
  });

  it.each([
    ['farhand appr', ['approvals']],
    ['farhand approvals ', ['ls', 'show', 'allow', 'deny']],
    ['farhand approvals allow --a', ['--all']],
    ['farhand agents create x --mod', ['--model']],
    ['farhand -p --output-format ', []],
    ['farhand print --output-format ', ['text', 'json', 'stream-json']],
    ['farhand print hello --approve w', ['wait']],
    ['farhand remote --backend ', ['local']],
    ['farhand help ag', ['agents']],
  ])('in bash: %s', (line, offered) => {
    const found = bashOffers(line);
    if (offered.length > 0) expect(found).toEqual(offered);
  });

  it('offers files for the value of a flag that can be anything', () => {
    expect(bashOffers('farhand chat --cwd et')).toContain('etc');
  });

  it.each(shells)('for %s say of themselves how they are used', (shell) => {
    const script = completionScript(shell, places);
    expect(script).toContain(`farhand completions ${shell}`);
    expect(script).not.toMatch(/undefined|\[object/);
  });

  it('for fish quote what the descriptions quote', () => {
    const line = completionScript('fish', places)
      .split('\n')
      .find((one) => one.includes('-a shim'));
    expect(line).toBe(
      "complete -c farhand -f -n 'test (__farhand_path) = \\'\\'' -a shim -d 'Install or remove a `letta` command that runs farhand'",
    );
  });
});
