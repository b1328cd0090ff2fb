import { type Dialect, heard } from './dialect.ts';

/** The contract undiluted, for clients that said `client_hello` or `?farhand=1`. */
export const farhand: Dialect<null> = {
  name: 'farhand',
  start: () => null,
  in: (state, frame) => [state, [frame]],
  out: (state, frame, { asked }) => [state, heard(frame, asked, true)],
};
