import { describe, expect, it } from 'vitest';
import type { Frame } from './frames.ts';
import { owner, type Privilege } from './privileges.ts';
import { isSeedCommand, missingPrivilege, privilegesFor, routeOf } from './routing.ts';

const answer = (decision: object) => ({ type: 'input', payload: { kind: 'approval_response', decision } });
const mode = (name: unknown) => ({ type: 'change_device_state', payload: { mode: name } });

describe('routeOf', () => {
  it('knows what a type is from its name alone', () => {
    expect(routeOf('input')).toMatchObject({
      kind: 'command',
      on: 'scope',
      replyType: 'input_accepted',
      parkable: true,
    });
    expect(routeOf('change_device_state')).toMatchObject({ kind: 'command', replyType: null });
    expect(routeOf('input_accepted')).toEqual({ kind: 'reply', command: 'input', since: 'seed' });
    expect(routeOf('stream_delta')).toMatchObject({ kind: 'event', stream: true });
    expect(routeOf('input_receipt')).toMatchObject({ kind: 'push', audience: 'scope', since: 'farhand' });
    expect(routeOf('constructor')).toBeNull();
  });

  it('takes no schema along: who routes does not validate', () => {
    expect(routeOf('input')).not.toHaveProperty('request');
  });
});

it('isSeedCommand knows the commands of the first documents', () => {
  expect(['input', 'sync', 'ping'].every(isSeedCommand)).toBe(true);
  expect(['agent_list', 'client_hello', 'pong', 'nonsense'].some(isSeedCommand)).toBe(false);
});

describe('[SEC-3] privileges', () => {
  it.each<[string, Frame, readonly Privilege[]]>([
    ['a message', { type: 'input', payload: { kind: 'create_message' } }, ['send']],
    ['a decision', answer({ behavior: 'deny', message: '' }), ['send', 'approve']],
    ['an edit', answer({ behavior: 'allow', updated_input: {} }), ['send', 'approve', 'approve.edit']],
    ['no edit', answer({ behavior: 'allow', updated_input: null }), ['send', 'approve']],
    [
      'a rule for ever',
      answer({ selected_permission_suggestion_ids: ['x'] }),
      ['send', 'approve', 'approve.remember'],
    ],
    ['a mode', mode('standard'), ['configure']],
    ['the mode that never asks', mode('unrestricted'), ['configure', 'mode.unrestricted']],
    ['its other names', mode('bypassPermissions'), ['configure', 'mode.unrestricted']],
    ['a mode that is no text', mode({ toString: 1, valueOf: 1 }), ['configure']],
    ['a payload that is none', { type: 'input', payload: null }, ['send']],
    ['an event', { type: 'stream_delta' }, ['observe']],
    ['a reply', { type: 'input_accepted' }, []],
    ['what nobody can classify', { type: 'brew_coffee' }, ['admin']],
  ])('of %s', (_, frame, wanted) => {
    expect(privilegesFor(frame)).toEqual(wanted);
  });

  it('are found missing one by one, and never the owner’s', () => {
    const frame = answer({ behavior: 'allow', updated_input: {} });
    expect(missingPrivilege({ privileges: ['observe'] }, frame)).toBe('send');
    expect(missingPrivilege({ privileges: ['send', 'approve'] }, frame)).toBe('approve.edit');
    expect(missingPrivilege(owner('private'), frame)).toBeNull();
    expect(missingPrivilege(owner('private'), { type: 'brew_coffee' })).toBeNull();
  });
});
