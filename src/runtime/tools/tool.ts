import type { Access, FileMark, Process, ReplayClass } from '../../core/facts.ts';

export type ToolResult = {
  readonly status: 'success' | 'error';
  readonly text: string;
  /** Files written, told to clients as `file_ops`. */
  readonly wrote?: readonly { readonly path: string; readonly content: string }[];
  /** It may have run, in whole, in part or not at all (TOOL-3). */
  readonly indeterminate?: boolean;
};

/** A call that has been made ready and touches nothing until `run`. */
export type Prepared = {
  /** Waits behind its gate: durable before it is let go (TOOL-2). */
  readonly process?: Process;
  /** What is on disk before and after, so that looking can settle a lost call (TOOL-4). */
  readonly mark?: FileMark;
  /** Starts the effect. Resolves with a result for every outcome, also failure and timeout; rejects never. */
  run(progress: (textSoFar: string) => void): Promise<ToolResult>;
  /** Stops it (process group included), at any time, also before `run`. Resolves when nothing of it is left. */
  abort(): Promise<void>;
};

export type ToolContext = {
  /** The call's id as the model gave it and clients know it. */
  readonly toolCallId: string;
  /** Names the call on this device; fit for a file name and an environment variable. */
  readonly callId: string;
  readonly cwd: string;
  /** Where a tool may keep its output file while it runs; it exists, and the tool removes what it wrote there. */
  readonly scratch: string;
  /** Folders that no file tool may touch (Farhand's home). */
  readonly denied: readonly string[];
  /** The scrubbed environment for child processes. */
  readonly env: Readonly<Record<string, string>>;
};

export type Problem = { readonly problem: string };

/** How a call would reach out of the conversation, resolved through symlinks, for the permission rules. */
export type Reach = { readonly access: Access; readonly inside: boolean };

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input, as sent to models. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly replay: ReplayClass;
  /** Checks the input's shape. A string says what is wrong and how to call the tool right. */
  check(input: Record<string, unknown>): string | null;
  reach(input: Record<string, unknown>, context: ToolContext): Promise<Reach>;
  /** What a person sees before approving an edit; null where there is nothing to show. */
  preview?(input: Record<string, unknown>, context: ToolContext): Promise<readonly Record<string, unknown>[]>;
  prepare(input: Record<string, unknown>, context: ToolContext): Promise<Prepared | Problem>;
}
