/** Why our order is not stock's: rows of docs/COMPATIBILITY.md, "Where the order differs". */
export const why = {
  answerFirst: 'Answer to a decision',
  everyPending: 'Second request of a step, in `pending_control_requests`',
  oneActs: 'Calls of one step',
  eachQueued: 'Several inputs in one moment',
  leftAtOnce: 'Inputs that join a turn after a tool',
  removedOnce: '`remove_queue_item`',
  onceOnly: 'The same `client_message_id` again',
  refused: 'A frame of the wrong shape',
} as const;

/** A row beside those: with real tools, a command that ends at once has no progress. The recordings where none lasts. */
export const brief = {
  row: 'Progress of a command',
  recordings: ['04-tool-turn', '05-approval'],
  isProgress: (line: string): boolean => line.endsWith(' progress'),
} as const;

/** By recording and note: the lines in which the orders differ, in order. */
export const listed: Readonly<
  Record<string, readonly (readonly [reason: keyof typeof why, ...lines: string[]])[]>
> = {
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
    [['refused', '- S loop_error error passing', '+ input_accepted false']],
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

/** The lines of `differences` that are allowed under a name. */
export const allowed = (name: string): string[] => (listed[name] ?? []).flatMap(([, ...lines]) => lines);

/** The recordings that are compared. */
export const recordings = [
  '03-text-turn',
  '03-reasoning-turn',
  '04-tool-turn',
  '05-approval',
  '06-queue',
  '07-abort',
];
