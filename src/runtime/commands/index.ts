import { agentHandlers } from './agents.ts';
import { conversationHandlers } from './conversations.ts';
import type { Handlers } from './handler.ts';
import { inputHandlers } from './input.ts';
import { stateHandlers } from './state.ts';

export const handlers: Handlers = {
  ...inputHandlers,
  ...stateHandlers,
  ...agentHandlers,
  ...conversationHandlers,
};
