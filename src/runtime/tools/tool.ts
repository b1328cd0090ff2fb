import type { Mark, Process, ReplayClass } from '../../core/facts.ts';
import type { Reach } from '../../core/permission.ts';
import type { Confine } from '../sandbox/sandbox.ts';
import type { Tasks } from '../tasks/tasks.ts';

/** A picture that a tool shows the model. */
export type Image = {
  /** `image/png`. */
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
};

export type ToolResult = {
  readonly status: 'success' | 'error';
  readonly text: string;
  readonly images?: readonly Image[];
  /** Files written, told to clients as `file_ops`. */
  readonly wrote?: readonly { readonly path: string; readonly content: string }[];
  /** It may have run, in whole, in part or not at all (TOOL-3). */
  readonly indeterminate?: boolean;
  /** Planning begins, with the file that the plan is written to, or has ended with the person's consent. */
  readonly planning?: { readonly file: string } | 'ended';
  /** The process of this call goes on in the background. */
  readonly task?: BackgroundTask;
};

/** What goes on after the call that began it has its result. */
export type BackgroundTask = {
  /** `task-<ulid>`. */
  readonly id: string;
  /** `monitor`: its lines are told to the model as they come; `command`: only its end is. */
  readonly kind: 'command' | 'monitor';
  /** The command, for people. */
  readonly title: string;
  readonly process: Process;
  /** The file that holds its output; the agent may read it. */
  readonly output: string;
};

/** A call that has been made ready and touches nothing until `run`. */
export type Prepared = {
  /** Waits behind its gate: durable before it is let go (TOOL-2). */
  readonly process?: Process;
  /** What is on disk before and after, so that looking can settle a lost call (TOOL-4). */
  readonly mark?: Mark;
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
  /** Folders below a denied one that tools may read all the same: output that was too long, plans. */
  readonly readable: readonly string[];
  /** Where plans are kept, one of the readable folders; left out: in `scratch`. */
  readonly plans?: string;
  /** The plan that is being made, the one denied file that may be changed; null while none is. */
  readonly planFile?: string | null;
  /** Whom WebSearch asks; null: nobody. */
  readonly search?: SearchAccess | null;
  /** The scrubbed environment for child processes. */
  readonly env: Readonly<Record<string, string>>;
  /** What this conversation runs in the background. */
  readonly tasks: Tasks;
  /** Content hashes by real path, as Read and the changing tools saw files last in this conversation. */
  readonly seen: Map<string, string>;
  /** How commands are confined; left out: they are not. */
  readonly confine?: Confine;
};

/** A search service that the owner of the device chose. */
export type SearchAccess = {
  readonly provider: 'brave' | 'tavily' | 'searxng';
  /** Left out: the provider's own. */
  readonly baseUrl?: string;
  readonly key?: string;
};

export type Problem = { readonly problem: string };

/** One thing that a call does to the world, for the permission rules (PERM-2). A call does all of its deeds or none. */
export type Deed = {
  readonly reach: Reach;
  /** For the person: `src/a.ts`, `git push --force origin main`. */
  readonly subject: string;
  /** What rules with a pattern are compared with; null: only a rule for the whole tool fits. */
  readonly match: Match | null;
  /**
   * What a command names that has a deed of its own: only rules that deny or ask look at it, so that those about files hold for commands.
   * `sure` false: nobody knows what is done to it.
   */
  readonly witness?: { readonly use: 'read' | 'edit'; readonly sure: boolean };
};

/** `words`: a simple command as the shell would run it; null for a word that cannot be known. Paths are real and absolute. */
export type Match =
  | { readonly kind: 'command'; readonly words: readonly (string | null)[] }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'host'; readonly host: string };

export interface Tool {
  readonly name: string;
  /** The tool whose rules hold for this one; left out: its own name. */
  readonly rule?: string;
  readonly description: string;
  /** JSON Schema of the input, as sent to models. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly replay: ReplayClass;
  /** Checks the input's shape. A string says what is wrong and how to call the tool right. */
  check(input: Record<string, unknown>): string | null;
  /** Everything that the call would do, paths resolved through symlinks. Never empty. */
  deeds(input: Record<string, unknown>, context: ToolContext): Promise<readonly Deed[]>;
  /** What a person sees before approving an edit; null where there is nothing to show. */
  preview?(input: Record<string, unknown>, context: ToolContext): Promise<readonly Record<string, unknown>[]>;
  prepare(input: Record<string, unknown>, context: ToolContext): Promise<Prepared | Problem>;
}
