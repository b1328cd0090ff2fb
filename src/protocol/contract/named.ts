import { agent, content, controlRequest, conversation, envelope, queueItem, scope } from '../shapes.ts';
import { approvalResponse, createMessage, decision, message, receipt } from './conversation.ts';
import { delta } from './delta.ts';
import { deviceStatus, loopStatus, subagent } from './events.ts';
import { toolGroup } from './external-tools.ts';

/** Shapes that have a name of their own in the JSON Schema and on the reference page. */
export const namedShapes = {
  Scope: scope,
  Envelope: envelope,
  CreateMessage: createMessage,
  Message: message,
  Content: content,
  ApprovalResponse: approvalResponse,
  Decision: decision,
  ControlRequest: controlRequest,
  Receipt: receipt,
  QueueItem: queueItem,
  Delta: delta,
  DeviceStatus: deviceStatus,
  LoopStatus: loopStatus,
  Subagent: subagent,
  Agent: agent,
  Conversation: conversation,
  ToolGroup: toolGroup,
};
