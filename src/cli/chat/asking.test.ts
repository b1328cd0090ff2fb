import { describe, expect, it } from 'vitest';
import { plain } from '../program/style.ts';
import { type Asking, askingLines, beginAsking, labelOf, react } from './asking.ts';
import { deniedBecause, readAnswer, readDecision } from './decision.ts';

describe('what a person types at an approval', () => {
  it.each([
    ['y', { do: 'allow' }],
    [' YES ', { do: 'allow' }],
    ['n', { do: 'deny', reason: 'Denied by the person.' }],
    ['no, it deletes too much', { do: 'deny', reason: 'Denied by the person: it deletes too much' }],
    ['n because\nof that', { do: 'deny', reason: 'Denied by the person: because\nof that' }],
    ['e', { do: 'edit' }],
    ['view', { do: 'view' }],
    ['', { do: 'unclear' }],
    [' 2 ', { do: 'remember', nth: 2 }],
    ['2 please', { do: 'unclear' }],
    ['0', { do: 'unclear' }],
    ['yes but only once', { do: 'unclear' }],
    ['never', { do: 'unclear' }],
    ['yesterday', { do: 'unclear' }],
  ])('%j', (line, decision) => {
    expect(readDecision(line)).toEqual(decision);
  });

  it('gives the model a reason also where there is none', () => {
    expect(deniedBecause('  ')).toBe('Denied by the person.');
  });
});

describe('what a person types at a question', () => {
  const options = ['A', 'B', 'C'].map((label) => ({ label, description: '' }));
  const one = { question: 'Which?', options, several: false };
  const several = { ...one, several: true };

  it.each([
    [one, '2', 'B'],
    [one, ' 3 ', 'C'],
    [one, '4', '4'],
    [one, '0', '0'],
    [one, '1, 2', '1, 2'],
    [one, 'neither of them', 'neither of them'],
    [one, '', null],
    [several, '1, 3', ['A', 'C']],
    [several, '1 3', ['A', 'C']],
    [several, '2', ['B']],
    [several, '1 or 3', '1 or 3'],
  ] as const)('%#: %s', (question, line, answer) => {
    expect(readAnswer(question, line)).toEqual(answer);
  });
});

describe('a request that is being asked about', () => {
  const approval = (tool_name: string, input: Record<string, unknown>) => ({
    request_id: 'perm-1',
    request: { tool_name, tool_call_id: 'c', input },
    input_hash: 'hash',
  });
  const asking = (tool: string, input: Record<string, unknown>): Asking => {
    const begun = beginAsking(approval(tool, input));
    if (!begun) throw new Error('no request');
    return begun;
  };

  it('ends with a decision about the input, or about the version of the person', () => {
    const bash = asking('Bash', { command: 'ls' });
    expect(labelOf(bash)).toContain('[y]es');
    expect(react(bash, 'y', plain)).toEqual({
      do: 'decide',
      decision: { behavior: 'allow', updated_input: null },
    });
    expect(react({ ...bash, edited: { command: 'ls -l' } }, 'y', plain)).toEqual({
      do: 'decide',
      decision: { behavior: 'allow', updated_input: { command: 'ls -l' } },
    });
    expect(react(bash, 'n', plain)).toMatchObject({ do: 'decide', decision: { behavior: 'deny' } });
    expect(react(bash, 'what?', plain)).toMatchObject({ do: 'ask', asking: bash });
    expect(react(bash, 'e', plain)).toEqual({ do: 'edit' });
  });

  it('shows all of what it asks about on request, in the version of the person', () => {
    const bash = { ...asking('Bash', { command: 'ls' }), edited: { command: 'rm x' } };
    expect(react(bash, 'v', plain)).toMatchObject({
      lines: ['? Bash waits for your approval', '  command: rm x'],
    });
  });

  it('[PERM-6] offers what may be remembered, by number, for the input as it was asked', () => {
    const begun = beginAsking({
      request_id: 'perm-1',
      request: {
        tool_name: 'Bash',
        tool_call_id: 'c',
        input: { command: 'npm test' },
        reason: 'Bash of `npm test`: not known to only read',
        permission_suggestions: [
          { id: 'save-default', text: 'Yes, here' },
          { id: 'save-everywhere', text: 'Yes, every\x1b[2Jwhere' },
        ],
      },
      input_hash: 'hash',
    });
    if (!begun) throw new Error('no request');
    expect(askingLines(begun, plain)).toEqual([
      '? Bash waits for your approval',
      '  Bash of `npm test`: not known to only read',
      '  command: npm test',
      '  1 Yes, here',
      '  2 Yes, every\\x1b[2Jwhere',
    ]);
    expect(labelOf(begun)).toContain('[1]-[2] and remember');
    const remembered = { behavior: 'allow', selected_permission_suggestion_ids: ['save-everywhere'] };
    expect(react(begun, '2', plain)).toEqual({ do: 'decide', decision: remembered });
    expect(react(begun, '3', plain)).toMatchObject({ do: 'ask', lines: [expect.stringContaining('1 to 2')] });
    const edited = { ...begun, edited: { command: 'npm ci' } };
    expect(labelOf(edited)).not.toContain('remember');
    expect(react(edited, '1', plain)).toMatchObject({ do: 'ask' });
  });

  it('collects the answers to all its questions', () => {
    const input = {
      questions: [
        {
          question: 'Which?',
          header: 'Which',
          options: [{ label: 'A' }, { label: 'B' }],
          multiSelect: false,
        },
        {
          question: 'When?',
          header: 'When',
          options: [{ label: 'now' }, { label: 'later' }],
          multiSelect: true,
        },
      ],
    };
    const first = asking('AskUserQuestion', input);
    expect(labelOf(first)).toBe('answer › ');
    expect(askingLines(first, plain)[0]).toBe('? Which?');
    expect(react(first, '', plain)).toMatchObject({ do: 'ask', asking: first });
    const then = react(first, '2', plain);
    if (then.do !== 'ask') throw new Error('not asked');
    expect(then.lines[0]).toBe('? When?');
    expect(react(then.asking, '1,2', plain)).toEqual({
      do: 'decide',
      decision: {
        behavior: 'allow',
        updated_input: { ...input, answers: { 'Which?': 'B', 'When?': ['now', 'later'] } },
      },
    });
  });

  it('is not begun about a frame that is no request', () => {
    expect(beginAsking({ request_id: 'perm-1', request: {}, input_hash: null })).toBeNull();
  });
});
