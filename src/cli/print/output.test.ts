import { describe, expect, it } from 'vitest';
import { testIo } from '../test-io.ts';
import { outputOf } from './output.ts';
import type { ResultMessage, SdkMessage } from './sdk-message.ts';

const says = (content: string, uuid = 'm-1'): SdkMessage => ({ type: 'assistant', content, uuid });
const call: SdkMessage = { type: 'tool_call', toolCallId: 'c', toolName: 'Bash', toolInput: {}, uuid: 'm-2' };
const retry: SdkMessage = {
  type: 'retry',
  reason: 'llm_api_error',
  attempt: 1,
  maxAttempts: 3,
  delayMs: 0,
  voidedUuids: ['m-1'],
};
const result: ResultMessage = {
  type: 'result',
  success: true,
  result: 'x',
  durationMs: 1,
  conversationId: 'c',
  agentId: 'a',
};
const error: SdkMessage = { type: 'error', message: 'No key.', errorCode: 'error', stopReason: 'error' };

function printed(format: 'text' | 'json' | 'stream-json', messages: readonly SdkMessage[], tty = false) {
  const io = testIo({ tty, env: { NO_COLOR: '1' } });
  const output = outputOf(format, io);
  for (const message of messages) output.tell(message);
  return { stdout: io.stdout(), stderr: io.stderr() };
}

describe('the text that a script reads', () => {
  it('is whole messages, each ended by a line break', () => {
    expect(printed('text', [says('One '), says('two.'), call, says('Three\n', 'm-3'), result]).stdout).toBe(
      'One two.\nThree\n',
    );
  });

  it('never has text that was voided', () => {
    expect(printed('text', [says('Half'), retry, says('Whole', 'm-3'), result])).toEqual({
      stdout: 'Whole\n',
      stderr: 'The model failed (llm_api_error); attempt 1 of 3.\n',
    });
  });

  it('leaves errors to the other stream', () => {
    expect(printed('text', [says('So far'), error, { ...result, success: false }])).toEqual({
      stdout: 'So far\n',
      stderr: 'farhand: No key.\n',
    });
  });
});

describe('the text that a person reads', () => {
  it('grows as it comes, and cannot touch the terminal (SEC-6)', () => {
    expect(printed('text', [says('One '), says('two\x1b[2J')], true).stdout).toBe('One two\\x1b[2J');
    expect(printed('text', [says('One'), call, says('Two', 'm-3'), result], true).stdout).toBe('One\nTwo\n');
  });

  it('says which part does not count', () => {
    expect(printed('text', [says('Half'), retry], true).stderr).toContain('no longer counts');
  });
});

describe('output for programs', () => {
  it('json is the result alone', () => {
    expect(printed('json', [says('x'), call, result])).toEqual({
      stdout: `${JSON.stringify(result)}\n`,
      stderr: '',
    });
  });

  it('stream-json is every message, one per line', () => {
    const messages = [says('x'), call, error, result];
    expect(printed('stream-json', messages)).toEqual({
      stdout: messages.map((message) => `${JSON.stringify(message)}\n`).join(''),
      stderr: '',
    });
  });
});
