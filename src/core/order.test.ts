import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../testing/scene.ts';
import type { RequestedCall } from './facts.ts';

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const ends = (s: Scene, ...calls: readonly RequestedCall[]) =>
  void s.model({ kind: 'finished', calls, usage, truncated: false });

const starts = [
  'input_accepted true started',
  'L SENDING_API_REQUEST',
  'D busy standard',
  'L WAITING_FOR_API_RESPONSE',
];
const answers = [
  'L PROCESSING_API_RESPONSE',
  'S assistant_message',
  'S usage_statistics',
  'S stop_reason end_turn',
];
const rests = ['L WAITING_ON_INPUT', 'D idle standard', 'turn_finished end_turn'];
const asksAgain = ['L SENDING_API_REQUEST', 'L WAITING_FOR_API_RESPONSE'];
const calls = (n: number) => [
  'L PROCESSING_API_RESPONSE',
  ...Array.from({ length: n }, (_, at) => `S approval_request_message call-${at + 1}`),
  'S usage_statistics',
  'S stop_reason requires_approval',
];
const result = (n: number, status = 'success') => [
  `S client_tool_end call-${n} ${status}`,
  `S tool_return_message call-${n} ${status}`,
];

const answer = (s: Scene) => {
  s.text('Well');
  s.text(', yes');
  ends(s);
};

/** What a client sees of a whole turn, in order (repetitions left out). */
const turns: readonly (readonly [string, (scene: Scene) => void, readonly string[]])[] = [
  ['text', answer, [...starts, ...answers, ...rests]],
  [
    'reasoning, then text',
    (s) => {
      s.text('Hm', 'r', 'reasoning');
      answer(s);
    },
    [...starts, 'L PROCESSING_API_RESPONSE', 'S reasoning_message', ...answers.slice(1), ...rests],
  ],
  [
    'an empty answer',
    (s) => ends(s),
    [...starts, ...answers.filter((line) => !line.includes('assistant')), ...rests],
  ],
  [
    'a call that a rule allows',
    (s) => {
      ends(s, callOf('c1', 'Read'));
      s.prepared('c1');
      s.done('c1');
      answer(s);
    },
    [
      ...starts,
      ...calls(1),
      'S approval_classification_end call-1 - -',
      'L EXECUTING_CLIENT_SIDE_TOOL call-1',
      'S client_tool_start call-1',
      ...result(1),
      ...asksAgain,
      ...answers,
      ...rests,
    ],
  ],
  [
    'a call that a person allows',
    (s) => {
      ends(s, callOf('c1', 'Bash'));
      s.decide('c1', true);
      s.prepared('c1');
      s.tool('c1', { kind: 'progress', text: 'half' });
      s.done('c1');
      answer(s);
    },
    [
      ...starts,
      ...calls(1),
      'S approval_classification_end - - call-1',
      'L WAITING_ON_APPROVAL',
      'control_request call-1',
      'D busy standard call-1',
      'D busy standard',
      'input_accepted true',
      'L EXECUTING_CLIENT_SIDE_TOOL call-1',
      'S client_tool_start call-1',
      'S tool_return_message call-1 progress',
      ...result(1),
      ...asksAgain,
      ...answers,
      ...rests,
    ],
  ],
  [
    'two calls, one allowed, one denied',
    (s) => {
      ends(s, callOf('c1', 'Bash'), callOf('c2', 'Bash'));
      s.decide('c1', true);
      s.decide('c2', false);
      s.prepared('c1');
      s.done('c1');
      answer(s);
    },
    [
      ...starts,
      ...calls(2),
      'S approval_classification_end - - call-1,call-2',
      'L WAITING_ON_APPROVAL',
      'control_request call-1',
      'D busy standard call-1 call-2',
      'D busy standard',
      'input_accepted true',
      'control_request call-2',
      'D busy standard call-2',
      'D busy standard',
      'input_accepted true',
      'L EXECUTING_CLIENT_SIDE_TOOL call-1',
      'S client_tool_start call-1',
      ...result(1),
      ...result(2, 'error'),
      ...asksAgain,
      ...answers,
      ...rests,
    ],
  ],
  [
    'a restart while the model answers',
    (s) => {
      s.text('Well');
      s.model({ kind: 'lost' });
      answer(s);
    },
    [...starts, ...answers.slice(0, 2), 'S retry restart 1', ...asksAgain, ...answers, ...rests],
  ],
];

describe('the order of a turn', () => {
  it.each(turns)('%s', (_name, play, expected) => {
    const scene = new Scene('standard');
    scene.input('go');
    play(scene);
    expect(scene.lines()).toEqual(expected);
  });
});
