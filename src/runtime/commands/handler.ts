import type { Failure } from '../../protocol/errors.ts';
import type { CommandFrame, CommandType, DeviceCommandType, ReplyPayload } from '../../protocol/frames.ts';
import type { Principal } from '../../protocol/privileges.ts';
import type { AgentRecord } from '../../store/store.ts';
import type { Asker } from '../conversation.ts';
import type { Conversations } from '../conversations.ts';
import type { Host } from '../host.ts';

/** What handlers work on. */
export interface Home {
  readonly host: Host;
  readonly conversations: Conversations;
  /** The agent that commands mean when they name none. */
  defaultAgent(): string;
  /** The model's handle, also where the agent leaves it to the device, as far as it has found one yet. */
  modelOf(agent: AgentRecord): string;
  /** Resolves when the device has looked which model it is to use. */
  modelsFound(): Promise<void>;
}

/** The conversation answers in the order of its events. */
export const answered = Symbol('answered by the conversation');

export type Outcome<T extends CommandType> =
  | { readonly ok: true; readonly payload: ReplyPayload<T> }
  | { readonly ok: false; readonly failure: Failure; readonly fields?: Readonly<Record<string, unknown>> }
  | typeof answered;

export type Request = { readonly device: Home; readonly by: Principal; readonly asker: Asker };
export type Handler<T extends DeviceCommandType> = (
  frame: CommandFrame<T>,
  request: Request,
) => Outcome<T> | Promise<Outcome<T>>;
/** One per command of the contract: a new entry there does not compile until it has one here (CONTRACT-1). */
export type Handlers = { readonly [T in DeviceCommandType]: Handler<T> };
