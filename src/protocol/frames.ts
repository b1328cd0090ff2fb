import type * as z from 'zod';
import type { contract } from './contract/index.ts';
import type { ErrorCode } from './errors.ts';

export type Commands = typeof contract.commands;
export type CommandType = keyof Commands;
export type EventType = keyof typeof contract.events;
export type PushType = keyof typeof contract.pushes;
/** Commands worked by the device rather than by the link. */
export type DeviceCommandType = {
  [T in CommandType]: Commands[T]['on'] extends 'link' ? never : T;
}[CommandType];

/** Commands that have a reply of their own. */
export type AnsweredCommandType = {
  [T in CommandType]: Commands[T]['reply'] extends null ? never : T;
}[CommandType];

/** A command's frame as it arrives, checked. */
export type CommandFrame<T extends CommandType> = { type: T } & z.infer<Commands[T]['request']>;
/** The fields that a schema names; `Omit` on a loose object would forget them all. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
/** What a caller passes: the frame without `type`, with `request_id` minted for it. */
export type CommandArgs<T extends CommandType> = Omit<
  Named<z.infer<Commands[T]['request']>>,
  'request_id' | 'type'
> & {
  request_id?: string;
};
/** A successful reply's own fields. */
export type ReplyPayload<T extends CommandType> = Commands[T]['reply'] extends {
  payload: infer P extends z.ZodType;
}
  ? z.infer<P>
  : undefined;
export type ReplyFailure = {
  readonly success: false;
  readonly error: string;
  readonly error_code: ErrorCode;
};
export type EventBody<T extends EventType> = z.infer<(typeof contract.events)[T]['body']>;
export type PushBody<T extends PushType> = z.infer<(typeof contract.pushes)[T]['body']>;

/** Any frame: one JSON object with a `type`. */
export type Frame = { readonly type: string; readonly [field: string]: unknown };
