import type { Frame } from '../protocol/frames.ts';

/** Commands by which a client offers tools of its own, which a device must be able to take back when that client has left (TOOL-6). */
export const offersTools = ({ type, external_tools }: Frame): boolean =>
  type === 'runtime_external_tools_update' || (type === 'runtime_start' && external_tools !== undefined);
