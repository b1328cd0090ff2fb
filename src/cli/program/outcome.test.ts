import { describe, expect, it } from 'vitest';
import { failure } from '../../protocol/errors.ts';
import { testIo } from '../test-io.ts';
import { conclude, isProblem, misuse, type Outcome } from './outcome.ts';

function told(outcome: Outcome, json = false, tty = false) {
  const io = testIo({ tty });
  return { code: conclude(outcome, io, json), stdout: io.stdout(), stderr: io.stderr() };
}

describe('how a command ends', () => {
  it('is its exit code: 1 for a failure, 2 for wrong usage, else its own', () => {
    expect(told(failure('deadline', 'No answer.'))).toEqual({
      code: 1,
      stdout: '',
      stderr: 'farhand: No answer.\n',
    });
    expect(told(misuse('No such flag.'))).toMatchObject({ code: 2, stderr: 'farhand: No such flag.\n' });
    for (const code of [0, 1, 130] as const) expect(told(code)).toEqual({ code, stdout: '', stderr: '' });
  });

  it('[SEC-6] is told without whatever a peer has put into its words', () => {
    expect(told(failure('unauthorized', 'It said: \x1b[2Jok'), false, true).stderr).toContain(
      'It said: \\x1b[2Jok',
    );
  });

  it('is JSON for programs, as it came', () => {
    expect(told(failure('unauthorized', 'a\x1bb'), true)).toEqual({
      code: 1,
      stdout: '{"error":{"code":"unauthorized","message":"a\\u001bb"}}\n',
      stderr: '',
    });
  });

  it('tells a problem from a value', () => {
    expect(isProblem(misuse('x'))).toBe(true);
    expect(isProblem({ code: 'x' } as never)).toBe(false);
    expect(isProblem(null as never)).toBe(false);
    expect(isProblem(0 as never)).toBe(false);
  });
});
