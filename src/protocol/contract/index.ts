import type { CommandSpec, EventSpec, PushSpec } from '../builders.ts';
import { agentCommands } from './agents.ts';
import { conversationCommands } from './conversation.ts';
import { deviceLinkPushes } from './device-link.ts';
import { pushes as conversationPushes, events } from './events.ts';
import { transportCommands, transportPushes } from './transport.ts';

/** The wire contract as data. Adding a command is an entry here and a handler in `src/runtime/commands` (CONTRACT-1). */
export const contract = {
  commands: { ...transportCommands, ...conversationCommands, ...agentCommands },
  events,
  pushes: { ...transportPushes, ...deviceLinkPushes, ...conversationPushes },
} satisfies {
  commands: Record<string, CommandSpec>;
  events: Record<string, EventSpec>;
  pushes: Record<string, PushSpec>;
};
