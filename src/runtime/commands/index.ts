import { agentHandlers } from './agents.ts';
import { appServerHandlers } from './app-server.ts';
import { conversationHandlers } from './conversations.ts';
import { externalToolHandlers } from './external-tools.ts';
import { gitHandlers } from './git.ts';
import type { Handlers } from './handler.ts';
import { inputHandlers } from './input.ts';
import { modelHandlers } from './models.ts';
import { runtimeStartHandlers } from './runtime-start.ts';
import { stateHandlers } from './state.ts';

export const handlers: Handlers = {
  ...inputHandlers,
  ...stateHandlers,
  ...agentHandlers,
  ...conversationHandlers,
  ...modelHandlers,
  ...gitHandlers,
  ...appServerHandlers,
  ...runtimeStartHandlers,
  ...externalToolHandlers,
};
