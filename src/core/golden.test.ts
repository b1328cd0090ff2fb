import { describe, expect, it } from 'vitest';
import { haveCaptures, readCapture } from '../testing/captures.ts';
import { differences } from '../testing/golden.ts';
import { replay } from '../testing/replay.ts';

/** Why our order is not stock's, each with a section of docs/COMPATIBILITY.md. */
const why = {
  answerFirst: 'A command is answered before what follows from it is told.',
  everyPending: 'All calls that wait for a decision are pending, not only the one that is asked now.',
  oneActs: 'A call that may change something runs alone, and its result is told as soon as it is there.',
  eachQueued: 'The queue is told with every input, not once for all that came in the same moment.',
  leftAtOnce: 'Inputs are told to have left the queue when their request is made, not after it.',
  removedOnce: 'A removed input is told once, with what became of it.',
  onceOnly: 'An input is worked once for ever; whoever sends it again is told what became of it [IN-1].',
  refused: 'A frame of the wrong shape never reaches a conversation; its sender alone is answered.',
} as const;

/** By recording and note: the lines in which the orders differ, in order. */
const listed: Record<string, readonly (readonly [reason: keyof typeof why, ...lines: string[]])[]> = {
  '05-approval: deny': [['answerFirst', '- L EXECUTING_CLIENT_SIDE_TOOL', '+ L EXECUTING_CLIENT_SIDE_TOOL']],
  '05-approval: answered with error': [
    ['answerFirst', '- L EXECUTING_CLIENT_SIDE_TOOL', '+ L EXECUTING_CLIENT_SIDE_TOOL'],
  ],
  '05-approval: two calls in one batch: allow first, deny second': [
    ['everyPending', '- D busy standard call-5', '+ D busy standard call-5 call-6'],
    ['answerFirst', '+ input_accepted true', '- input_accepted true'],
    ['oneActs', '- S client_tool_end call-6 error', '+ S client_tool_end call-6 error'],
  ],
  '05-approval: deny without message (invalid frame), stale id, then a real allow; second answer to the same id':
    [['refused', '- S loop_error error passing']],
  '05-approval: sync while waiting on approval': [
    ['answerFirst', '- S client_tool_start call-11', '+ S client_tool_start call-11'],
  ],
  '05-approval: allow with selected_permission_suggestion_ids': [
    ['everyPending', '- D busy standard call-12', '+ D busy standard call-12 call-13'],
    [
      'oneActs',
      '- S client_tool_start call-13',
      '- S tool_return_message call-13 progress',
      '- S client_tool_end call-13 success',
      '+ S client_tool_start call-13',
      '+ S tool_return_message call-13 progress',
      '+ S client_tool_end call-13 success',
    ],
  ],
  '06-queue: two more inputs while a text turn streams: they merge into the next turn': [
    ['eachQueued', '+ Q cm-1'],
  ],
  '06-queue: input while a tool runs: merged at the tool boundary': [
    ['leftAtOnce', '- L WAITING_FOR_API_RESPONSE', '+ L WAITING_FOR_API_RESPONSE'],
  ],
  '06-queue: remove_queue_item: known, then unknown': [['removedOnce', '- Q']],
  '06-queue: same client_message_id sent twice (idle, then again after the turn, then while busy)': [
    [
      'onceOnly',
      '- L SENDING_API_REQUEST',
      '- D busy unrestricted',
      '- L WAITING_FOR_API_RESPONSE',
      '- L PROCESSING_API_RESPONSE',
      '- S assistant_message',
      '- S usage_statistics',
      '- S stop_reason end_turn',
      '- L WAITING_ON_INPUT',
      '- D idle unrestricted',
      '- turn_finished end_turn',
      '+ S status info',
      '+ S status info',
    ],
  ],
};

const recordings = [
  '03-text-turn',
  '03-reasoning-turn',
  '04-tool-turn',
  '05-approval',
  '06-queue',
  '07-abort',
];

const replayed = haveCaptures()
  ? recordings.flatMap((name) =>
      replay(readCapture(`0.32.18/${name}`)).map(({ note, ...orders }) => ({
        name: `${name}: ${note}`,
        ...orders,
      })),
    )
  : [];

describe('the order of events is stock 0.32.18’s, but for what is listed', () => {
  for (const { name, stock, ours } of replayed) {
    it(name, () => {
      const expected = (listed[name] ?? []).flatMap(([, ...lines]) => lines);
      expect(differences(stock, ours)).toEqual(expected);
    });
  }

  it('every listed difference has its recording and every reason its difference', () => {
    const names = replayed.map(({ name }) => name);
    if (names.length > 0) expect(names).toEqual(expect.arrayContaining(Object.keys(listed)));
    const given = Object.values(listed).flatMap((reasons) => reasons.map(([reason]) => reason));
    expect(new Set(given)).toEqual(new Set(Object.keys(why)));
  });
});
