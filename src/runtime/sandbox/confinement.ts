import type { Mode } from '../../protocol/modes.ts';
import { contains } from '../tools/paths.ts';
import type { Problem } from '../tools/tool.ts';
import {
  cachePlaces,
  projectPlaces,
  secretPlaces,
  servicePlaces,
  shownPlaces,
  startupPlaces,
} from './places.ts';
import type { Repository } from './repository.ts';
import type { Access, Confinement, Rule, SandboxSetting } from './sandbox.ts';

/** `workspace_sandbox` of a `runtime_start`: absolute paths. */
export type Workspace = { readonly root: string; readonly isolation_root: string };

/** What decides whether a command is confined. */
export type Wish = {
  readonly setting: SandboxSetting;
  readonly mode: Mode;
  /** What the conversation's client asked for. */
  readonly workspace: Workspace | null;
};

/** What decides what it may reach. */
export type Ground = Omit<Wish, 'setting'> & {
  readonly cwd: string;
  /** The home of the user. */
  readonly home: string;
  /** Farhand's home. */
  readonly farhand: string;
  /** Folders in Farhand's home that tools may read. */
  readonly readable: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of the working directory. */
  readonly repository: Repository;
};

/** `must`: without a sandbox the command does not run (SBX-2). */
export function needOf({ setting, mode, workspace }: Wish): 'none' | 'wanted' | 'must' {
  if (workspace || setting === 'required') return 'must';
  return setting === 'off' || mode === 'unrestricted' ? 'none' : 'wanted';
}

const rules = (access: Access, paths: readonly string[]): readonly Rule[] =>
  paths.map((path) => ({ path, access }));

/** What a command may reach; a problem when that contradicts where it is to run. */
export function confinementOf(ground: Ground): Confinement | Problem {
  const { mode, workspace, cwd, home, farhand, readable, env, repository } = ground;
  if (workspace && !contains(workspace.root, cwd))
    return {
      problem: `The working directory ${cwd} lies outside of ${workspace.root}, which this conversation is confined to. Choose one inside of it.`,
    };
  const network = mode !== 'strict';
  const roots = workspace ? [workspace.root, workspace.isolation_root] : [cwd];
  return {
    network,
    note: noteOf(ground, network),
    rules: [
      ...rules('read', ['/']),
      ...rules('hidden', [...servicePlaces(), ...secretPlaces(home, env), farhand]),
      ...rules('private', workspace ? ['/tmp', home] : ['/tmp']),
      ...rules('read', shownPlaces(network)),
      ...(workspace
        ? []
        : [
            ...rules('read', readable),
            ...rules('write', [...cachePlaces(home, env), ...repository.folders]),
          ]),
      ...rules('write', roots),
      ...rules('guarded', [
        ...startupPlaces(home),
        ...repository.guarded,
        ...[...roots, cwd].flatMap(projectPlaces),
      ]),
    ],
  };
}

function noteOf({ cwd, workspace }: Ground, network: boolean): string {
  const where = workspace ? workspace.root : `${cwd} and the caches of package managers`;
  const unseen = workspace ? 'the home of the user' : 'credentials';
  const net = network ? '' : ' It had no network.';
  return `[Confined: this command could write only in ${where}, had a /tmp of its own, and could not see ${unseen} or sockets of services; hooks and settings of the project are read-only.${net} If it failed for that, do not work around it: ask the person to run it, or to change what is allowed.]`;
}
