/** Peers for tests: a scripted model server that speaks the real wires of four APIs, links that a test flushes by hand, and a clock that it turns. */
export { type ManualPair, manualPair, memoryPair } from '../link/memory.ts';
export { type VirtualClock, virtualClock } from '../link/virtual-clock.ts';
export { type Fault, parseScripts, type Reply, type Script, type Scripts } from './model-script.ts';
export { builtInScripts } from './model-scripts.ts';
export {
  type ModelServer,
  type ModelServerOptions,
  type RecordedRequest,
  type RefusedRequest,
  startModelServer,
} from './model-server.ts';
export { chatRequestOf, type WireSaid } from './model-wires.ts';
