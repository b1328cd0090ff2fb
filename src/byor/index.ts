export type { Clock, Timer } from '../link/clock.ts';
export type { Failure } from '../protocol/errors.ts';
export type { Frame } from '../protocol/frames.ts';
export type { Scope } from '../protocol/shapes.ts';
export { type AcceptOptions, acceptRemote, type HttpPlace, type SocketPlace } from './accept-remote.ts';
export type { Remote, RemoteEvents, RuntimeInfo, Sent } from './remote.ts';
export type { ServerSocket, SocketServer } from './socket-server.ts';
