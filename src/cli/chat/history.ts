import type { Client } from '../../client/client.ts';
import type { Cursor } from '../../client/follower.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Style } from '../program/style.ts';
import { callsOf } from '../show/delta.ts';
import { contentText, type Fields, textOf } from '../show/fields.ts';
import { printable } from '../show/printable.ts';
import { callLine, inputOf } from '../show/tool-call.ts';
import { resultLines, userLines } from '../show/view-delta.ts';

/** What a terminal that joins a conversation begins with. */
export type History = {
  /** Finished messages, oldest first. */
  readonly messages: readonly Fields[];
  readonly earlier: boolean;
  /** Events up to `head` are history; those after `from` may hold what is being said right now. */
  readonly from: Cursor;
  readonly head: number;
};

const pageSize = 12;
/** Where a turn is under way, its present answer begins hardly earlier. */
const eventsBack = 200;

export async function readHistory(
  client: Client,
  scope: Scope & { agent_id: string },
): Promise<History | Failure> {
  const { agent_id, conversation_id } = scope;
  const query = { agent_id, limit: pageSize };
  // First the head: what is said between the two questions is shown as news.
  const synced = await client.call('sync', { runtime: { agent_id, conversation_id } });
  if (!synced.ok) return synced.failure;
  const page = await client.call('conversation_messages_list', { conversation_id, query });
  // Of a machine that is away a broker knows the latest events, but not the list of messages.
  const away = !page.ok && page.failure.code === 'device_offline';
  if (!page.ok && !away) return page.failure;
  const head = synced.value.head ?? 0;
  const from = { log_id: synced.value.log_id ?? null, after_event_seq: Math.max(0, head - eventsBack) };
  if (!page.ok) return { messages: [], earlier: from.after_event_seq > 0, from, head: 0 };
  return { messages: page.value.messages.toReversed(), earlier: page.value.has_more, from, head };
}

/** A message of these last minutes by the id that its client gave it. */
export async function findMessage(
  client: Client,
  { agent_id, conversation_id }: Scope & { agent_id: string },
  id: string,
): Promise<Fields | undefined> {
  const query = { agent_id, limit: 5 };
  const page = await client.call('conversation_messages_list', { conversation_id, query });
  return page.ok ? page.value.messages.find(({ otid }) => otid === id) : undefined;
}

/** Finished messages as they looked when they were news, shorter. `showCommand` prints all of them. */
export function historyLines(
  { messages, earlier }: History,
  showCommand: string,
  style: Style,
): readonly string[] {
  const lines = messages.flatMap((message) => messageLines(message, style));
  if (lines.length === 0) return [];
  return [...(earlier ? [style.dim(`… earlier messages: ${showCommand}`)] : []), ...lines, style.dim('—')];
}

/** One entry of a message list, as `conversation_messages_list` gives it. */
export function messageLines(message: Fields, style: Style): readonly string[] {
  switch (message.message_type) {
    case 'user_message':
      return userLines(message.content, style);
    case 'assistant_message':
      return printable(contentText(message.content)).replace(/\n+$/, '').split('\n');
    case 'approval_request_message':
    case 'tool_call_message':
      return callsOf(message).map(({ name, arguments: args }) => {
        const [tool = '', ...rest] = callLine(textOf(name) ?? '?', inputOf(textOf(args))).split(' ');
        return `${style.cyan('●')} ${style.bold(tool)} ${rest.join(' ')}`.trimEnd();
      });
    case 'tool_return_message':
      return resultLines(contentText(message.tool_return), message.status === 'error', style);
    default:
      return [];
  }
}
