import { modes, readMode } from '../../protocol/modes.ts';
import { nearest } from '../../protocol/nearest.ts';
import { columns } from '../program/help.ts';
import { listApprovals, waitingLine } from '../talk/approvals.ts';
import { findFolder } from '../talk/folder.ts';
import type { Chat } from './chat.ts';

type Slash = {
  readonly usage: string;
  readonly about: string;
  run(chat: Chat, words: string): Promise<void>;
};

const commands: Readonly<Record<string, Slash>> = {
  help: {
    usage: '/help',
    about: 'show this',
    async run(chat) {
      const rows = Object.values(commands).map(({ usage, about }) => [usage, about] as const);
      chat.say([...columns(rows), 'Ctrl-C stops the turn, twice leaves. What you type meanwhile is queued.']);
    },
  },
  mode: {
    usage: '/mode [mode]',
    about: `show or set the permission mode: ${modes.join(', ')}`,
    async run(chat, words) {
      if (words === '') return chat.say([`Permission mode: ${chat.view.transcript.mode ?? 'not known yet'}`]);
      const mode = readMode(words);
      if (!mode) return chat.warn(`There is no mode "${words}". Modes: ${modes.join(', ')}.`);
      await change(chat, { mode });
    },
  },
  cd: {
    usage: '/cd [folder]',
    about: 'show or set the folder that the conversation works in',
    async run(chat, words) {
      if (words === '') return chat.say([`Working folder: ${chat.view.transcript.cwd ?? 'not known yet'}`]);
      const from = chat.options.folder;
      const folder = from === null ? { path: words } : findFolder(from, words);
      if ('code' in folder) return chat.warn(folder.message);
      await change(chat, { cwd: folder.path });
    },
  },
  approvals: {
    usage: '/approvals',
    about: 'list what waits for approval, in every conversation',
    async run(chat) {
      const { client, style } = chat.options;
      const approvals = await listApprovals(client);
      if ('code' in approvals) return chat.warn(approvals.message);
      if (approvals.length === 0) return chat.say(['Nothing waits for approval.']);
      chat.say(approvals.map((one) => waitingLine(one, Date.now(), style)));
    },
  },
  compact: {
    usage: '/compact',
    about: 'summarise the conversation for the model; you still see all of it',
    async run(chat) {
      const { client, place } = chat.options;
      const { agent_id, conversation_id } = place.scope;
      const body = agent_id === null ? {} : { body: { agent_id } };
      const result = await client.call('conversation_compact', { conversation_id, ...body });
      if (!result.ok) chat.warn(result.failure.message);
    },
  },
  abort: { usage: '/abort', about: 'stop the turn', run: async (chat) => chat.abort() },
  resume: {
    usage: '/resume',
    about: 'go on with messages that were kept when a turn was stopped',
    async run(chat) {
      const { client, place } = chat.options;
      const result = await client.call('resume_queue', { runtime: { ...place.scope } });
      if (!result.ok) return chat.warn(result.failure.message);
      if (result.value.resumed === 0) chat.say(['No message was kept.']);
    },
  },
  quit: { usage: '/quit', about: 'leave', run: async (chat) => chat.leave() },
};

/** Runs what a line that begins with a slash asks for. */
export async function runSlash(chat: Chat, line: string): Promise<void> {
  const [, name = '', words = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command.run(chat, words.trim());
  const meant = nearest(name, Object.keys(commands));
  chat.warn(`There is no /${name}. ${meant ? `Did you mean /${meant}?` : '/help lists what there is.'}`);
}

/** The conversation tells of the change, or why it was refused. */
async function change(chat: Chat, payload: { readonly mode?: string; readonly cwd?: string }): Promise<void> {
  const { client, place } = chat.options;
  const result = await client.call('change_device_state', { runtime: { ...place.scope }, payload });
  if (!result.ok) chat.warn(result.failure.message);
}
