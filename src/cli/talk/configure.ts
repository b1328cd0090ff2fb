import type { Client } from '../../client/client.ts';
import type { Follower } from '../../client/follower.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Scope } from '../../protocol/shapes.ts';
import { type Fields, fieldsOf, numberOf, textOf } from '../show/fields.ts';

export type Settings = { readonly mode?: string; readonly cwd?: string };
export type Before = { readonly mode: string | null; readonly cwd: string | null };

const patienceMs = 10_000;

/**
 * Changes the mode or the working folder of a conversation and waits until it is so: the command itself has no reply, and an
 * input sent right after it could begin in the old folder. Gives what was before.
 */
export function configure(client: Client, scope: Scope, settings: Settings): Promise<Before | Failure> {
  return new Promise((resolve) => {
    let before: Fields | null = null;
    let follower: Follower | null = null;
    const end = (result: Before | Failure) => {
      clearTimeout(timer);
      follower?.stop();
      resolve(result);
    };
    const timer = setTimeout(
      () => end(failure('deadline', `The conversation does not say whether it took ${text(settings)}.`)),
      patienceMs,
    );
    follower = client.follow(scope, {
      snapshot(frame) {
        if (frame.type === 'update_device_status') before ??= fieldsOf(frame.device_status);
      },
      synced: () =>
        void client.call('change_device_state', { runtime: { ...scope }, payload: { ...settings } }),
      event(frame) {
        const delta = fieldsOf(frame.delta);
        if (delta.message_type === 'loop_error' && delta.is_terminal === false)
          return end(
            failure('path_not_directory', textOf(delta.message) ?? `${text(settings)} was refused.`),
          );
        if (frame.type !== 'update_device_status') return;
        const now = fieldsOf(frame.device_status);
        if (settings.mode !== undefined && now.current_permission_mode !== settings.mode) return;
        if (settings.cwd !== undefined && numberOf(now.cwd_revision) === numberOf(before?.cwd_revision))
          return;
        const { current_permission_mode: mode, current_working_directory: cwd } = before ?? {};
        // A folder that is missing is told only by the old one, said again (protocol reference 3.7).
        const { current_working_directory: stays } = now;
        if (settings.cwd !== undefined && stays === cwd && !isSame(settings.cwd, textOf(stays)))
          return end(
            failure(
              'path_not_directory',
              `There is no folder ${settings.cwd}. The conversation stays in ${textOf(stays)}.`,
            ),
          );
        end({ mode: textOf(mode) ?? null, cwd: textOf(cwd) ?? null });
      },
      failed: end,
    });
  });
}

const isSame = (asked: string, path = ''): boolean => asked.replace(/(.)[\\/]+$/, '$1') === path;

const text = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(' and ');
