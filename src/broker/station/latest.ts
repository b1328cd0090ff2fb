import { fields, list, text } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { stateTypes } from '../store/mirror.ts';

export type StateType = (typeof stateTypes)[number];

/** A tool request that a person was to decide when the device was last heard. */
export type Pending = {
  readonly request_id: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly input_hash: string | null;
};

// What a device said is read here as if it could be anything: it may be (LINK-4).
const latest = (frames: readonly Frame[], type: StateType): Frame | undefined =>
  frames.find((frame) => frame.type === type);

export const deviceStatusIn = (frames: readonly Frame[]) =>
  fields(latest(frames, 'update_device_status')?.device_status);

export const loopStatusIn = (frames: readonly Frame[]) =>
  fields(latest(frames, 'update_loop_status')?.loop_status);

export const queueIn = (frames: readonly Frame[]) => list(latest(frames, 'update_queue')?.queue).map(fields);

export const subagentsIn = (frames: readonly Frame[]): readonly unknown[] =>
  list(latest(frames, 'update_subagent_state')?.subagents);

export const pendingIn = (frames: readonly Frame[]): readonly Pending[] =>
  list(deviceStatusIn(frames).pending_control_requests)
    .map(fields)
    .flatMap(({ request_id, request, input_hash }) =>
      typeof request_id === 'string'
        ? [{ request_id, request: fields(request), input_hash: text(input_hash) ?? null }]
        : [],
    );

/** A tool request as `approvals_list` shows it. */
export type Asking = Pending & {
  readonly runtime: Scope;
  readonly input_hash: string;
  /** When its status was told (ms). */
  readonly since: number;
};

/** What can be decided of it here: a request of a device that does not say what it shows cannot (APR-4). */
export const askingIn = (runtime: Scope, status: Frame, now: number): readonly Asking[] =>
  pendingIn([status]).flatMap((one) => {
    const { input_hash } = one;
    const since = Date.parse(text(status.emitted_at) ?? '') || now;
    return input_hash === null ? [] : [{ ...one, runtime, input_hash, since }];
  });

/** A conversation of which nothing was heard rests. */
export const restsIn = (frames: readonly Frame[]): boolean =>
  (loopStatusIn(frames).status ?? 'WAITING_ON_INPUT') === 'WAITING_ON_INPUT';

export const activeRunIn = (frames: readonly Frame[]): string | null =>
  text(list(loopStatusIn(frames).active_run_ids)[0]) ?? null;
