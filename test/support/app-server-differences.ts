import type { Compared, Direction } from './play-app-server.ts';

/** Why clients of our app-server are told otherwise than those of stock 0.32.18. */
export const why = {
  create:
    'create_agent makes agents from a list of personalities, which there are none of yet: agent_create stands in for it',
  answerFirst: 'an answer to a decision does not wait for what it sets off (docs/COMPATIBILITY.md)',
  atOnce: 'a question to the device is answered at once, a change of a conversation when it is durable',
  notThere: 'a tool that is not there is denied by the rules, so that nothing begins',
  saysWhy: 'what cannot be done is answered with the reason, where stock is silent',
  abortEnds: 'an abort ends the turn at once, whoever owes it an answer',
  oneOwner:
    'two clients with the rights of the owner are one principal, so that their inputs may share a turn (QUE-2)',
  goesOn: 'nothing is cancelled because a client leaves: its request waits for whoever comes next',
  notInterrupted: 'no turn was cancelled before, so that nothing is left of an interruption',
  asked: 'a client hears of a conversation when it names it, not before',
} as const;

type Listed = readonly (readonly [reason: keyof typeof why, ...lines: string[]])[];

/** Where the recordings and we do not go on alike, and how they are brought together again. */
export const recordings: Readonly<Record<string, Direction>> = {
  '31-app-server-turns': {},
  '32-app-server-clients': {
    fewerTurns: ['both clients send while busy'],
    asides: {
      // In the recording the request is gone with its client; here whoever comes back decides.
      async 'timeout after 5000 ms waiting for an approval request'(peer, runtime) {
        const { request_id } = await peer.until(({ type }) => type === 'control_request');
        const from = peer.frames.length;
        const decision = { behavior: 'deny', message: 'No longer wanted.' };
        const payload = { kind: 'approval_response', request_id, decision };
        await peer.ask({ type: 'input', runtime, payload });
        await peer.until(({ type }) => type === 'turn_finished', from);
      },
    },
  },
  '33-app-server-external-tools': {
    goesOn: [
      'a new input while the aborted external call is still open',
      'late answer to the aborted external call',
    ],
  },
};

const secondTurn = [
  '- Q cm-2',
  '- L SENDING_API_REQUEST',
  '- D busy unrestricted',
  '- Q cm-2 dequeued:cm-1',
  '- L WAITING_FOR_API_RESPONSE',
  '- L PROCESSING_API_RESPONSE',
  '- S assistant_message',
  '- S usage_statistics',
  '- S stop_reason end_turn',
  '- L WAITING_ON_INPUT',
  '- D idle unrestricted',
  '- turn_finished end_turn',
  '- Q dequeued:cm-2',
  '+ Q dequeued:cm-1 dequeued:cm-2',
] as const;
const comeBack =
  'pending approval with two subscribers: one leaves, the other answers; a new client gets the replay on subscribing';

/** By recording, note and client: the lines in which they differ, in order. */
const listed: Readonly<Record<string, Listed>> = {
  '31: tool turn with approval: deny: client-1': [
    ['answerFirst', '- L EXECUTING_CLIENT_SIDE_TOOL', '+ L EXECUTING_CLIENT_SIDE_TOOL'],
  ],
  '32: as it begins: client-1': [['create', '- create_agent_response', '+ agent_create_response']],
  '32: both clients send while busy: client-1': [['oneOwner', ...secondTurn]],
  '32: both clients send while busy: client-2': [['oneOwner', ...secondTurn]],
  '32: pending approval, the client leaves, client-4 comes back with runtime_start and answers: client-4': [
    [
      'goesOn',
      '- D idle standard',
      '- L WAITING_ON_INPUT',
      '+ D busy standard call-1',
      '+ L WAITING_ON_APPROVAL',
      '+ control_request call-1',
    ],
  ],
  [`32: ${comeBack}: client-4`]: [
    [
      'notInterrupted',
      '- input_accepted true queued',
      '- Q cm-1',
      '- S user_message cm-1',
      '- Q',
      '+ L EXECUTING_COMMAND',
      '+ L WAITING_ON_INPUT',
      '+ input_accepted true started',
      '- Q dequeued:cm-1',
    ],
  ],
  [`32: ${comeBack}: client-5`]: [
    [
      'notInterrupted',
      '- Q cm-1',
      '- S user_message cm-1',
      '- Q',
      '+ L EXECUTING_COMMAND',
      '+ L WAITING_ON_INPUT',
      '- Q dequeued:cm-1',
    ],
  ],
  [`32: ${comeBack}: client-6`]: [
    ['asked', '- control_request call-1', '- control_request call-1', '+ control_request call-1'],
  ],
  '33: as it begins: client-1': [['create', '- create_agent_response', '+ agent_create_response']],
  '33: scoped tool through runtime_external_tools_update: client-1': [
    ['atOnce', '+ runtime_external_tools_update_response', '- runtime_external_tools_update_response'],
    [
      'notThere',
      '- S approval_classification_end call-5 - -',
      '- L EXECUTING_CLIENT_SIDE_TOOL call-5',
      '- S client_tool_start call-5',
      '+ S approval_classification_end - call-5 -',
      '+ L EXECUTING_CLIENT_SIDE_TOOL',
    ],
  ],
  '33: update with the same scope twice, then removal with an empty list: client-1': [
    ['saysWhy', '+ runtime_external_tools_update_response'],
    [
      'notThere',
      '- S approval_classification_end call-7 - -',
      '- L EXECUTING_CLIENT_SIDE_TOOL call-7',
      '- S client_tool_start call-7',
      '+ S approval_classification_end - call-7 -',
      '+ L EXECUTING_CLIENT_SIDE_TOOL',
    ],
  ],
  '33: abort while the external call is open: no reply is sent: client-1': [
    ['abortEnds', '- input_accepted true queued', '- Q cm-1', '+ input_accepted true queued', '+ Q cm-1'],
    ['saysWhy', '+ error'],
  ],
};

/** What a recording is allowed to differ in, by note and client. */
export function allowed(recording: string): Record<string, string[]> {
  const own = Object.entries(listed).filter(([where]) => where.startsWith(recording.slice(0, 2)));
  return Object.fromEntries(own.map(([where, lines]) => [where, lines.flatMap(([, ...rest]) => rest)]));
}

export const found = (recording: string, compared: readonly Compared[]): Record<string, readonly string[]> =>
  Object.fromEntries(
    compared.map(({ note, client, lines }) => [`${recording.slice(0, 2)}: ${note}: ${client}`, lines]),
  );
