import type * as z from 'zod';
import type { Privilege } from './privileges.ts';

export type Vintage = 'seed' | '0.25' | '0.30' | '0.32' | 'farhand';
type Schema = z.ZodType;

/** A privilege that only some parameters need. */
export type Demand = {
  readonly privilege: Privilege;
  readonly when: (frame: Record<string, unknown>) => boolean;
};

/**
 * One command, complete: every field is required, so that nothing about a command can be forgotten. All tables, types, checks and pages
 * are derived from these entries (CONTRACT-1).
 */
export type CommandSpec = {
  /** One sentence for the reference page. */
  readonly summary: string;
  /** The frame without `type`. Loose: unknown fields pass untouched. */
  readonly request: Schema;
  /**
   * The one terminal reply: its type, its payload on success without `type`, `request_id` and flag, the neutral payload a failure
   * carries, and the flag that tells the two apart (null: it cannot fail). Null: the command has no reply of its own.
   */
  readonly reply: {
    readonly type: string;
    readonly payload: Schema;
    readonly neutral: Readonly<Record<string, unknown>>;
    readonly flag: 'success' | 'accepted' | null;
  } | null;
  /** Where it is worked: in one conversation, on the device, or by the nearest end of the link. */
  readonly on: 'scope' | 'device' | 'link';
  readonly privilege: Privilege;
  readonly demands: readonly Demand[];
  /** Milliseconds until the asker may take the outcome for unknown. */
  readonly deadlineMs: number;
  /** A broker may keep it for a device that is away. */
  readonly parkable: boolean;
  /** The reply comes in pieces, the last of them with `done: true`. */
  readonly chunked: boolean;
  /** Id fields that this frame asks with, answers to, or names. */
  readonly ids: {
    readonly asks: readonly string[];
    readonly answers: readonly string[];
    readonly names: readonly string[];
  };
  /** Fields hidden from those who only observe. */
  readonly redact: readonly string[];
  readonly since: Vintage;
  /** The REST door of a broker. */
  readonly route: { readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'; readonly path: string } | null;
};

/** A sequenced, stored frame of a scope. */
export type EventSpec = {
  readonly summary: string;
  readonly body: Schema;
  readonly privilege: Privilege;
  readonly redact: readonly string[];
  /** A stock program sends it on its `stream` socket when it has two. */
  readonly stream: boolean;
  readonly since: Vintage;
};

/** An unsequenced notice. */
export type PushSpec = {
  readonly summary: string;
  readonly body: Schema;
  /** Who hears it: everyone on the scope, the one who asked, holders of a named thing, those with the privilege, or this link only. */
  readonly audience: 'scope' | 'asker' | 'holders' | 'privilege' | 'link';
  readonly privilege: Privilege;
  readonly redact: readonly string[];
  readonly since: Vintage;
};

export const command = <const S extends CommandSpec>(spec: S): S => spec;
export const event = <const S extends EventSpec>(spec: S): S => spec;
export const push = <const S extends PushSpec>(spec: S): S => spec;
