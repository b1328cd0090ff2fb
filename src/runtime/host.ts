import type { DeviceView } from '../core/messages.ts';
import type { Clock } from '../link/clock.ts';
import type { Failure } from '../protocol/errors.ts';
import type { Mode } from '../protocol/modes.ts';
import type { Store, StoredEvent } from '../store/store.ts';
import type { Committer } from './committer.ts';
import type { ExternalTools } from './external/external-tools.ts';
import type { ModelEntry } from './models/catalogue.ts';
import type { Model } from './models/model.ts';
import type { Rules } from './rules/judge.ts';
import type { Sandboxing } from './sandbox/sandboxing.ts';
import type { Settings } from './settings/settings.ts';
import type { SearchAccess, Tool } from './tools/tool.ts';

/** What a conversation needs from the device it lives on. */
export interface Host {
  readonly store: Store;
  readonly committer: Committer;
  readonly clock: Clock;
  /** Working directory and permission mode of new conversations. */
  readonly cwd: string;
  readonly mode: Mode;
  readonly tools: readonly Tool[];
  /** Tools that clients offer. */
  readonly external: ExternalTools;
  /** Where running tools keep their output. */
  readonly scratch: string;
  /** Folders that no file tool may touch. */
  readonly denied: readonly string[];
  /** Farhand's home. */
  readonly home: string;
  /** Files further down that tell an agent how to work there, relative to the working directory. */
  deeperInstructions(cwd: string): Promise<readonly string[]>;
  /** Folders below those that they may read all the same. */
  readonly readable: readonly string[];
  /** One of those: where plans are kept. */
  readonly plans: string;
  readonly rules: Rules;
  /** The environment of child processes, without the user's secrets. */
  readonly toolEnv: Readonly<Record<string, string>>;
  readonly sandbox: Sandboxing;
  /** Told of what no client asked about: a fault of the program, a process that would not die. */
  readonly trouble: (what: string, error: unknown) => void;
  /** What the owner of the device wants; null where that cannot be read, which whoever cannot do without it says. */
  settings(): Settings | null;
  /** The search service that the owner chose, if any. */
  search(): SearchAccess | null;
  /** A fresh ULID. */
  mint(): string;
  view(cwd: string): DeviceView;
  /** The model of that handle; null: the default. */
  model(handle: string | null): Promise<Model | Failure>;
  /** Why that handle cannot be used, as far as that is known without asking anybody; null: it can. */
  modelProblem(handle: string): Failure | null;
  /** Every model that this device can use, the default among them. */
  models(): Promise<readonly ModelEntry[]>;
  /** Hands an event to every link, after its commit and in the order of the feed. */
  publishEvent(event: StoredEvent): void;
  /** Hands a frame that is not stored to every link, after the commit that it speaks of. */
  publish(text: string): void;
}
