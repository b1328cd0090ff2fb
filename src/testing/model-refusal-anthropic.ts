import { type ContentBlock, type MessagesRequest, type Turn, turnsOf } from './model-request-anthropic.ts';
import { sealFits } from './model-seal.ts';

/** What the real API would say against a well-formed request, or nothing. */
export function refuseAnthropic(request: MessagesRequest): string | undefined {
  const turns = turnsOf(request);
  return (
    refuseOptions(request) ??
    refuseSystem(request) ??
    refuseTools(request.tools ?? []) ??
    refuseCacheMarks(request, turns) ??
    refuseTurns(turns) ??
    refusePairs(turns) ??
    refuseThinking(request, turns)
  );
}

function refuseOptions({
  thinking,
  max_tokens,
  temperature,
  tool_choice,
}: MessagesRequest): string | undefined {
  if (!thinking || thinking.type === 'disabled') return undefined;
  if (thinking.type === 'enabled') {
    if (thinking.budget_tokens === undefined) return 'thinking.enabled.budget_tokens: Field required';
    if (max_tokens <= thinking.budget_tokens) {
      return '`max_tokens` must be greater than `thinking.budget_tokens`.';
    }
  }
  if (temperature !== undefined && temperature !== 1) {
    return '`temperature` may only be set to 1 when thinking is enabled.';
  }
  const forced = tool_choice?.type === 'any' || tool_choice?.type === 'tool';
  return forced ? 'Thinking may not be enabled when tool_choice forces tool use.' : undefined;
}

function refuseSystem({ system }: MessagesRequest): string | undefined {
  const blank = Array.isArray(system) && system.some((block) => block.text === '');
  return blank ? 'system: text content blocks must be non-empty' : undefined;
}

function refuseTools(tools: NonNullable<MessagesRequest['tools']>): string | undefined {
  const names = new Set<string>();
  for (const [i, tool] of tools.entries()) {
    // Only the tools of a client have a schema; the API's own ones have a `type`.
    if (tool.type !== undefined && tool.type !== 'custom') continue;
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name)) {
      return `tools.${i}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`;
    }
    if (names.has(tool.name)) return 'tools: Tool names must be unique.';
    names.add(tool.name);
    const schema = tool.input_schema;
    if (typeof schema !== 'object' || schema === null)
      return `tools.${i}.custom.input_schema: Field required`;
    if (!('type' in schema)) return `tools.${i}.custom.input_schema.type: Field required`;
    if (schema.type !== 'object') return `tools.${i}.custom.input_schema.type: Input should be 'object'`;
  }
  return undefined;
}

function refuseCacheMarks({ system, tools }: MessagesRequest, turns: readonly Turn[]): string | undefined {
  const places = [
    ...(typeof system === 'string' ? [] : (system ?? [])),
    ...(tools ?? []),
    ...turns.flatMap((turn) => turn.content),
  ];
  const marks = places.filter((place) => 'cache_control' in place && place.cache_control).length;
  if (marks <= 4) return undefined;
  return `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`;
}

function refuseTurns(turns: readonly Turn[]): string | undefined {
  if (turns.length === 0) return 'messages: at least one message is required';
  if (turns[0]?.role !== 'user') return 'messages: first message must use the "user" role';
  for (const [i, { role, content }] of turns.entries()) {
    const last = i === turns.length - 1;
    if (content.length === 0 && !(last && role === 'assistant')) {
      return `messages.${i}: all messages must have non-empty content except for the optional final assistant message`;
    }
    for (const [j, block] of content.entries()) {
      const odd = role === 'user' ? /^tool_use$|thinking$/ : /^tool_result$/;
      if (odd.test(block.type))
        return `messages.${i}: \`${block.type}\` blocks are not allowed in ${role} messages`;
      if (block.type !== 'text') continue;
      if (block.text === '') return 'messages: text content blocks must be non-empty';
      if (block.text.trim() === '') return 'messages: text content blocks must contain non-whitespace text';
      if (last && role === 'assistant' && j === content.length - 1 && /\s$/.test(block.text)) {
        return 'messages: final assistant content cannot end with trailing whitespace';
      }
    }
  }
  return undefined;
}

function refusePairs(turns: readonly Turn[]): string | undefined {
  const known = new Set<string>();
  for (const [i, { role, content }] of turns.entries()) {
    const called = role === 'assistant' ? callsIn(content) : [];
    for (const { id, at } of called) {
      if (!/^[a-zA-Z0-9_-]+$/.test(id)) {
        return `messages.${i}.content.${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`;
      }
      if (known.has(id)) return `messages.${i}.content.${at}: \`tool_use\` ids must be unique`;
      known.add(id);
    }
    const next = turns[i + 1];
    // The API takes results only at the start of the message that follows.
    const answered = new Set(next?.role === 'user' ? leadingResults(next.content) : []);
    const missing = called.filter(({ id }) => !answered.has(id));
    if (missing.length > 0) {
      const ids = missing.map(({ id }) => id).join(', ');
      return `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
    }
    const before = turns[i - 1];
    const expected = new Set(before?.role === 'assistant' ? callsIn(before.content).map(({ id }) => id) : []);
    for (const [j, block] of content.entries()) {
      if (block.type !== 'tool_result') continue;
      const { tool_use_id: id } = block;
      if (!expected.delete(id)) {
        return `messages.${i}.content.${j}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
      }
    }
  }
  return undefined;
}

function callsIn(content: readonly ContentBlock[]): { id: string; at: number }[] {
  return content.flatMap((block, at) => (block.type === 'tool_use' ? { id: block.id, at } : []));
}

function leadingResults(content: readonly ContentBlock[]): string[] {
  const end = content.findIndex((block) => block.type !== 'tool_result');
  return content
    .slice(0, end === -1 ? undefined : end)
    .flatMap((block) => (block.type === 'tool_result' ? block.tool_use_id : []));
}

/**
 * Thinking must come back as it was given. With a thinking budget, an answer that goes on after results of tools must
 * still begin with its thinking (adaptive thinking does not ask for that).
 */
function refuseThinking({ thinking }: MessagesRequest, turns: readonly Turn[]): string | undefined {
  for (const [i, { content }] of turns.entries()) {
    for (const [j, block] of content.entries()) {
      const shown = block.type === 'thinking' ? block.thinking : undefined;
      const seal = block.type === 'thinking' ? block.signature : '';
      if (shown !== undefined && !sealFits(seal, shown)) {
        return `messages.${i}.content.${j}: Invalid \`signature\` in \`thinking\` block`;
      }
    }
  }
  if (thinking?.type !== 'enabled') return undefined;
  const spokenTo = turns.findLastIndex(
    ({ role, content }) => role === 'user' && content.some((block) => block.type !== 'tool_result'),
  );
  const first = turns[spokenTo + 1]?.content[0];
  if (!first || first.type === 'thinking' || first.type === 'redacted_thinking') return undefined;
  return `messages.${spokenTo + 1}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`.`;
}
