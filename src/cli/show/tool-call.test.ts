import { describe, expect, it } from 'vitest';
import { plain } from '../program/style.ts';
import { diffLines, editLines } from './diff.ts';
import { callLine } from './tool-call.ts';

const patch =
  '*** Begin Patch\n*** Update File: a.ts\n@@\n-a\n+b\n*** Delete File: b\x1b[2J.ts\n*** End Patch';

describe('a call on one line', () => {
  it.each([
    ['Bash', { command: 'npm test', timeout: 1 }, 'Bash npm test'],
    ['shell_command', { command: 'ls\n', workdir: 'x' }, 'shell_command ls'],
    ['MultiEdit', { file_path: 'a.ts', edits: [] }, 'MultiEdit a.ts'],
    ['WebFetch', { url: 'https://example.com' }, 'WebFetch https://example.com'],
    ['ApplyPatch', { input: patch }, 'ApplyPatch a.ts, b\\x1b[2J.ts'],
    ['apply_patch', { input: 'no patch' }, 'apply_patch {"input":"no patch"}'],
    ['ExitPlanMode', { plan: '1. All of it' }, 'ExitPlanMode'],
    ['TodoWrite', { todos: [] }, 'TodoWrite {"todos":[]}'],
    ['lookup_ticket', { path: 'x', id: 1 }, 'lookup_ticket {"path":"x","id":1}'],
  ])('of %s', (name, input, line) => expect(callLine(name, input)).toBe(line));
});

describe('the changes of a call', () => {
  it('are named by their files where there are several, and hide nothing', () => {
    const hunk = (content: string) => [{ newStart: 1, lines: [{ type: 'add', content }] }];
    const diffs = [
      { mode: 'advanced', fileName: 'a', path: 'src/a', hunks: hunk('x') },
      { mode: 'advanced', fileName: 'b', path: 'src/\x1b[2Jb\n', hunks: hunk('\x1b[8my') },
    ];
    expect(diffLines(diffs, plain)).toEqual([
      'src/a',
      '@@ line 1 @@',
      '+x',
      'src/\\x1b[2Jb',
      '@@ line 1 @@',
      '+\\x1b[8my',
    ]);
    expect(diffLines(diffs.slice(0, 1), plain)).toEqual(['@@ line 1 @@', '+x']);
  });

  it('are told by the arguments where nobody was asked', () => {
    const edits = [
      { old_string: 'a', new_string: 'b' },
      { old_string: 'c', new_string: '' },
    ];
    expect(editLines('MultiEdit', { file_path: 'x', edits }, plain)).toEqual(['-a', '+b', '-c']);
    expect(editLines('replace', { old_string: 'a', new_string: 'b' }, plain)).toEqual(['-a', '+b']);
    expect(editLines('write_file', { content: 'x\ny\n' }, plain)).toEqual(['+x', '+y']);
    expect(editLines('Bash', { content: 'x' }, plain)).toEqual([]);
  });
});
