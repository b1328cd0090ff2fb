import { apply, applyVersion } from '../src/core/apply.ts';
import type { Fact, RequestedCall } from '../src/core/facts.ts';
import type { Env, ModelReport, Msg } from '../src/core/messages.ts';
import { rulingsByTable } from '../src/core/permission.ts';
import { initialState, type State } from '../src/core/state.ts';
import { step } from '../src/core/step.ts';
import { openStore } from '../src/store/sqlite.ts';
import type { EventDraft } from '../src/store/store.ts';

/** A model that says sixty words a second has each of them committed by itself; three hundred turns of this fill its context. */
const PIECES = 300;
const PIECE = 'word ';
const RESULT = 'The tool found this line, and it is like all the others.\n'.repeat(12);

const scope = { agent_id: null, conversation_id: 'conv-written' };

/**
 * Writes a conversation into a new store as if it had been held: every turn reads a file and answers in three hundred pieces, and the core makes
 * its facts and events of that. Returns the conversation's id.
 */
export function writeConversation(path: string, turns: number): string {
  const store = openStore(path, { applyVersion, durability: 'process' });
  store.createConversation(scope, 0);
  const created: Fact = { kind: 'created', v: 1, ...scope, cwd: '/', mode: 'standard' };
  let state: State = apply(initialState, created);
  let first: readonly Fact[] = [created];
  for (let n = 1; n <= turns; n++) {
    const { next, facts, events } = turn(state, n);
    state = next;
    store.commit([{ scope, at: n, facts: [...first, ...facts], events, inputs: [], checkpoint: state }]);
    first = [];
  }
  store.close();
  return scope.conversation_id;
}

type Written = { next: State; readonly facts: Fact[]; readonly events: EventDraft[] };

function turn(state: State, n: number): Written {
  const written: Written = { next: state, facts: [], events: [] };
  const hear = (msg: Msg) => {
    const { state: next, facts, says } = step(written.next, msg, envOf(`${n}-${written.facts.length}`));
    written.next = next;
    written.facts.push(...facts);
    for (const say of says) if (say.say === 'event') written.events.push({ ...say.body, type: say.type });
  };
  const model = (report: ModelReport) =>
    hear({ kind: 'model', run: written.next.turn?.run?.id ?? '', report });
  const usage = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 };
  const call = callOf(n);

  hear({
    kind: 'command',
    by: 'bench',
    command: {
      do: 'input',
      messages: [{ role: 'user', content: `Question ${n}: what does the file say?` }],
      client_message_id: `cm-${n}`,
      input_id: `input-${n}`,
      hash: `hash-${n}`,
      template: '{}',
      known: null,
    },
  });
  model({ kind: 'finished', calls: [call], usage, truncated: false });
  hear({ kind: 'tool', call: call.id, report: { kind: 'prepared', process: null, mark: null } });
  hear({
    kind: 'tool',
    call: call.id,
    report: { kind: 'finished', status: 'success', text: RESULT, wrote: [] },
  });
  for (let piece = 0; piece < PIECES; piece++)
    model({ kind: 'text', message: `msg-${n}`, field: 'assistant', text: PIECE });
  model({ kind: 'finished', calls: [], usage, truncated: false });
  if (written.next.turn) throw new Error(`Turn ${n} of the written conversation has not ended.`);
  return written;
}

const callOf = (n: number): RequestedCall => ({
  id: `call-${n}`,
  message: `msg-call-${n}`,
  name: 'Read',
  args: '{"file_path":"/notes.txt"}',
  input: { file_path: '/notes.txt' },
  replay: 'safe',
  rulings: rulingsByTable('read-inside', 'Read of /notes.txt'),
  suggestions: [],
  problem: null,
  diffs: null,
  input_hash: 'd1e5b4d2c3a4f5061728394a5b6c7d8e9f00112233445566778899aabbccddee',
});

const envOf = (id: string): Env => ({
  at: 1_700_000_000_000,
  id,
  device: {
    connection_id: null,
    connection_name: null,
    git_context: null,
    version: '0.1.0',
    supported_commands: [],
    tools: [],
  },
});
