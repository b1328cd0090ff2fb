import { expect, it } from 'vitest';
import { haveCaptures, readCapture } from '../src/testing/captures.ts';
import { told } from '../src/testing/replay.ts';
import { allowed, found, recordings } from './support/app-server-differences.ts';
import { playAppServer } from './support/play-app-server.ts';

// What stock clients are told by our app-server, over real sockets, is what the clients of a stock 0.32.18 app-server were told when
// they did the same, but for what is listed with its reason.

/** Besides what a conversation tells. Nothing else may come: a stock client knows no extension. */
const alsoKnown = [
  'update_subagent_state',
  'sync_response',
  'runtime_start_response',
  'runtime_external_tools_update_response',
  'external_tool_call_request',
  'agent_create_response',
  'conversation_messages_list_response',
  'app_server_info_response',
  'error',
];

for (const [name, direction] of haveCaptures() ? Object.entries(recordings) : []) {
  it(`tells what a stock app-server told: ${name}`, { timeout: 60_000 }, async () => {
    const { compared, types, troubles } = await playAppServer(readCapture(`0.32.18/${name}`), direction);
    expect(found(name, compared)).toEqual(allowed(name));
    expect([...types].filter((type) => !told.has(type) && !alsoKnown.includes(type))).toEqual([]);
    expect(troubles).toEqual([]);
  });
}
