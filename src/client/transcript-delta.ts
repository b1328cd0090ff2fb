import { contentText, listOf, recordOf, textOf } from './loose.ts';
import type { CallItem, Item, Level, Transcript } from './transcript.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The transcript after a piece of a turn. Texts and arguments come in pieces, results as all there is so far. */
export function foldDelta(transcript: Transcript, delta: Fields): Transcript {
  const items = changed(transcript.items, delta);
  return items === transcript.items ? transcript : { ...transcript, items };
}

function changed(items: readonly Item[], delta: Fields): readonly Item[] {
  switch (delta.message_type) {
    case 'assistant_message':
      return append(items, 'assistant', delta, contentText(delta.content));
    case 'reasoning_message':
      return append(items, 'reasoning', delta, textOf(delta.reasoning));
    case 'user_message':
      return said(items, delta);
    case 'approval_request_message':
    case 'tool_call_message':
      return callsOf(delta).reduce((all, call) => requested(all, delta, call), items);
    case 'client_tool_start':
      return onCall(items, delta.tool_call_id, (call) => ({
        ...call,
        status: 'running',
        args: textOf(delta.tool_args) || call.args,
      }));
    case 'client_tool_end':
      return onCall(items, delta.tool_call_id, (call) => ({ ...call, status: outcome(delta.status) }));
    case 'tool_return_message':
      return returnsOf(delta).reduce((all, back) => returned(all, delta, back), items);
    case 'retry':
      return notice(withoutVoided(items, delta), delta, 'warning');
    case 'loop_error':
    case 'error_message':
      return notice(items, delta, 'error');
    case 'status':
      return notice(items, delta, levelOf(delta.level));
    default:
      return items;
  }
}

/** Most of what comes belongs to the last items, so the search begins there. */
function replaced<I extends Item>(
  items: readonly Item[],
  is: (item: Item) => item is I,
  change: (item: I) => Item,
): readonly Item[] | null {
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    if (item && is(item)) return items.with(at, change(item));
  }
  return null;
}

function append(
  items: readonly Item[],
  kind: 'assistant' | 'reasoning',
  { id: given, run_id }: Fields,
  text: string,
): readonly Item[] {
  const id = textOf(given);
  type Text = Extract<Item, { kind: 'assistant' | 'reasoning' }>;
  const same = (item: Item): item is Text => item.kind === kind && item.id === id;
  const more = replaced(items, same, (item) => ({ ...item, text: item.text + text }));
  return more ?? [...items, { kind, id, run: runOf(run_id), text }];
}

/** The device's echo of a message that this client may already show. */
function said(items: readonly Item[], { id, otid, content }: Fields): readonly Item[] {
  type User = Extract<Item, { kind: 'user' }>;
  const shown: User = { kind: 'user', id: textOf(id), otid: typeof otid === 'string' ? otid : null, content };
  const same = (item: Item): item is User =>
    item.kind === 'user' && (item.id === shown.id || (item.otid !== null && item.otid === shown.otid));
  return replaced(items, same, () => shown) ?? [...items, shown];
}

function requested(items: readonly Item[], delta: Fields, call: Fields): readonly Item[] {
  const more = textOf(call.arguments);
  const known = onCall(items, call.tool_call_id, (item) => ({
    ...item,
    name: item.name || textOf(call.name),
    args: item.args + more,
  }));
  if (known !== items) return known;
  const fresh: CallItem = {
    kind: 'call',
    id: textOf(call.tool_call_id),
    message: textOf(delta.id) || null,
    run: runOf(delta.run_id),
    name: textOf(call.name),
    args: more,
    status: 'requested',
    output: null,
  };
  return [...items, fresh];
}

/** Progress says `success` long before the end, so of the two kinds of result only the last one settles the call. */
function returned(items: readonly Item[], delta: Fields, back: Fields): readonly Item[] {
  const output = typeof back.tool_return === 'string' ? back.tool_return : contentText(back.tool_return);
  const progress = textOf(delta.id).startsWith('synthetic-tool-return-stream-');
  return onCall(items, back.tool_call_id, (call) => ({
    ...call,
    output,
    status: progress ? call.status : outcome(back.status),
  }));
}

function onCall(items: readonly Item[], id: unknown, change: (call: CallItem) => CallItem): readonly Item[] {
  const same = (item: Item): item is CallItem => item.kind === 'call' && item.id === id;
  return replaced(items, same, change) ?? items;
}

/** What a lost or failed attempt had said never counted. */
function withoutVoided(items: readonly Item[], { voided_message_ids: ids }: Fields): readonly Item[] {
  const isVoid = (id: string | null) => Array.isArray(ids) && ids.includes(id);
  const left = items.filter(
    (item) => !(item.kind === 'assistant' || item.kind === 'reasoning') || !isVoid(item.id),
  );
  return left.length === items.length ? items : left;
}

const notice = (items: readonly Item[], { id, message }: Fields, level: Level): readonly Item[] => [
  ...items,
  { kind: 'notice', id: textOf(id), level, text: textOf(message) },
];

const callsOf = ({ tool_call: one, tool_calls: many }: Fields): readonly Fields[] => {
  const calls = listOf(many);
  return calls.length === 0 && one !== undefined ? [recordOf(one)] : calls;
};

const returnsOf = (delta: Fields): readonly Fields[] => {
  const returns = listOf(delta.tool_returns);
  return returns.length === 0 ? [delta] : returns;
};

const outcome = (status: unknown): 'success' | 'error' => (status === 'success' ? 'success' : 'error');
const levelOf = (level: unknown): Level => (level === 'success' || level === 'warning' ? level : 'info');
const runOf = (run: unknown): string | null => (typeof run === 'string' ? run : null);
