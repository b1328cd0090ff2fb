import { expect } from 'vitest';
import type { Frame } from '../frames.ts';
import { checkPush } from '../validate.ts';
import { seed } from './seed.ts';

export const runtime = { agent_id: 'agent-1', conversation_id: 'conv-1' };

/** A seed client of one session. `hears` are the frames made for it besides the one that came. */
export function client() {
  let state = seed.start();
  return {
    /** What the device gets. */
    says(frame: Frame): Frame {
      const [next, frames] = seed.in(state, frame);
      state = next;
      expect(frames).toHaveLength(1);
      return frames[0] as Frame;
    },
    told(frame: Frame, asked = true): readonly Frame[] {
      const [next, frames] = seed.out(state, frame, { asked });
      state = next;
      for (const one of frames)
        if (one.type !== frame.type) expect(checkPush(one)).toMatchObject({ ok: true });
      return frames;
    },
    hears(frame: Frame, asked = true): Frame[] {
      return this.told(frame, asked).filter((one) => one !== frame);
    },
  };
}

export const deviceStatus = (status: object, extra: object = {}): Frame => ({
  type: 'update_device_status',
  runtime,
  device_status: { current_permission_mode: 'standard', current_working_directory: '/a', ...status },
  ...extra,
});
export const loop = (status: string, runs: string[] = [], extra: object = {}): Frame => ({
  type: 'update_loop_status',
  runtime,
  loop_status: { status, active_run_ids: runs },
  ...extra,
});
export const item = (n: number, extra: object = {}) => ({
  id: `q-${n}`,
  client_message_id: `cm-${n}`,
  kind: 'message',
  source: 'user',
  ...extra,
});
export const queue = (items: object[], removed?: object[], extra: object = {}): Frame => ({
  type: 'update_queue',
  runtime,
  queue: items,
  ...(removed && { removed }),
  ...extra,
});
export const delta = (body: object): Frame => ({ type: 'stream_delta', runtime, delta: body });
export const snapshot = { snapshot: true };
