import { commandTypes } from '../../protocol/routing.ts';
import type { Handlers } from './handler.ts';

/** The command that each capability of a stock program stands for; one that this program does not have is not claimed. */
const proofs: Readonly<Record<string, string>> = {
  agent_management: 'agent_create',
  conversation_management: 'conversation_create',
  memory_management: 'list_memory',
  runtime_start: 'runtime_start',
  launch_subagent: 'launch_subagent',
  runtime_external_tools_update: 'runtime_external_tools_update',
};

export const appServerHandlers = {
  app_server_info(_frame, { device }) {
    const proven = Object.entries(proofs).map(([name, type]) => [name, commandTypes.includes(type)] as const);
    const capabilities = {
      ...Object.fromEntries(proven),
      // Of every command; where there is no sandbox, none runs (SBX-2). Answers have no schema; a client has one socket.
      runtime_workspace_sandbox: true,
      structured_outputs: false,
      split_channels: false,
    };
    const { cwd, view } = device.host;
    return {
      ok: true,
      payload: {
        backend: 'local',
        letta_code_version: view(cwd).version,
        protocol_version: 1,
        capabilities,
      },
    };
  },
} satisfies Partial<Handlers>;
