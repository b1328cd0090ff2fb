// Opens a conversation of a home again and again, each time in the three ways, and says how long the first and the usual time took.
import { DatabaseSync } from 'node:sqlite';
import { applyVersion } from '../../src/core/apply.ts';
import { emptyTranscript, tell } from '../../src/core/transcript.ts';
import { fold } from '../../src/runtime/conversation.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { ScopeId, Store } from '../../src/store/store.ts';
import { ready } from '../child.ts';

const ROUNDS = 8;
const [path = '', conversation_id = ''] = process.argv.slice(2);
const scope: ScopeId = { agent_id: null, conversation_id };

/** The way of `Conversations`: what a command waits for when nobody has the conversation open. */
function load(store: Store): void {
  const loaded = store.load(scope);
  if (!loaded) throw new Error(`There is no conversation ${conversation_id}.`);
  fold(loaded.checkpoint?.state ?? null, loaded.facts);
}

/** And what its next turn needs besides: what the model is told of it. */
function loadForTurn(store: Store): void {
  load(store);
  const transcript = emptyTranscript();
  for (const { fact } of store.history(scope)) tell(transcript, fact);
}

function times(work: () => void): readonly number[] {
  return Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
}

function withStore<Result>(version: number, work: (store: Store) => Result): Result {
  const store = openStore(path, { applyVersion: version, durability: 'process' });
  try {
    return work(store);
  } finally {
    store.close();
  }
}

const checkpoint = withStore(applyVersion, (store) => times(() => loadForTurn(store)));
const state = withStore(applyVersion, (store) => times(() => load(store)));
const whole = withStore(applyVersion + 1, (store) => times(() => loadForTurn(store)));
const db = new DatabaseSync(path, { readOnly: true });
const history = db.prepare('SELECT n, body FROM fact WHERE conversation = 1 AND history = 1 ORDER BY n');
const rows = db.prepare('SELECT n, body FROM fact WHERE conversation = 1 ORDER BY n');
const bareHistory = times(() => history.all());
const bareRows = times(() => rows.all());
db.close();
ready({ checkpoint, state, whole, bareHistory, bareRows }, () => undefined);
