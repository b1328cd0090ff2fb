import { type Dialect, heard } from './dialect.ts';

/** For stock programs of 0.30 and later: no extensions, and no `cancel_ack`, which they never knew. */
export const stock: Dialect<null> = {
  name: 'stock',
  start: () => null,
  in: (state, frame) => [state, [frame]],
  out: (state, frame, { asked }) => [state, frame.type === 'cancel_ack' ? [] : heard(frame, asked, false)],
};
