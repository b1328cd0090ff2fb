import { describe, expect, it } from 'vitest';
import { program } from '../commands/index.ts';
import { routeOf } from './route.ts';

const route = (line: string) => routeOf(line === '' ? [] : line.split(' '), program.entries, program.leading);
const to = (name: string, ...args: string[]) => ({ to: 'command', name, args });

describe('the command that a line names', () => {
  it.each([
    ['', to('chat')],
    ['--new', to('chat', '--new')],
    ['--agent me', to('chat', '--agent', 'me')],
    ['chat --new', to('chat', '--new')],
    ['-p hello', to('print', '-p', 'hello')],
    ['hello -p', to('print', 'hello', '-p')],
    ['--output-format json -p hello', to('print', '--output-format', 'json', '-p', 'hello')],
    ['--print', to('print', '--print')],
    ['-p -- --help', to('print', '-p', '--', '--help')],
    ['remote --json', to('remote', '--json')],
    ['server', to('remote')],
    ['agents ls --json', to('agents', 'ls', '--json')],
    ['--json agents', to('agents', '--json')],
    ['--version', { to: 'version' }],
    ['-v', { to: 'version' }],
    ['--help', { to: 'help', words: [] }],
    ['help agents ls', { to: 'help', words: ['agents', 'ls'] }],
  ])('%s', (line, expected) => {
    expect(route(line)).toEqual(expected);
  });

  it.each([
    ['--backend local server --env-name desk', to('remote', '--backend', 'local', '--env-name', 'desk')],
    ['--backend=local remote', to('remote', '--backend=local')],
    ['--agent remote chat', to('chat', '--agent', 'remote')],
  ])('takes flags before the name, as other programs of this protocol do: %s', (line, expected) => {
    expect(route(line)).toEqual(expected);
  });

  it('does not take what an object has by itself for a command', () => {
    expect(route('constructor')).toMatchObject({ code: 'usage' });
  });
});
