import type { CommandSpec, EventSpec, PushSpec } from '../builders.ts';
import { agentCommands } from './agents.ts';
import { appServerCommands } from './app-server.ts';
import { conversationCommands } from './conversation.ts';
import { deviceLinkPushes } from './device-link.ts';
import { pushes as conversationPushes, events } from './events.ts';
import { externalToolCommands, externalToolPushes } from './external-tools.ts';
import { gitCommands } from './git.ts';
import { legacyPushes } from './legacy.ts';
import { modelCommands } from './models.ts';
import { transportCommands, transportPushes } from './transport.ts';

/** The wire contract as data. Adding a command is an entry here and a handler in `src/runtime/commands` (CONTRACT-1). */
export const contract = {
  commands: {
    ...transportCommands,
    ...conversationCommands,
    ...agentCommands,
    ...modelCommands,
    ...gitCommands,
    ...appServerCommands,
    ...externalToolCommands,
  },
  events,
  pushes: {
    ...transportPushes,
    ...deviceLinkPushes,
    ...conversationPushes,
    ...externalToolPushes,
    ...legacyPushes,
  },
} satisfies {
  commands: Record<string, CommandSpec>;
  events: Record<string, EventSpec>;
  pushes: Record<string, PushSpec>;
};
