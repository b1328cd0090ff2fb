import type { Prepared, Tool } from './tool.ts';

type Spec = {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
};

/**
 * A tool that a client runs. Nobody here knows what it does: it asks for approval like a command, is never started twice, and its client
 * checks its input.
 */
export const externalTool = (
  { name, description, parameters }: Spec,
  prepare: (input: Readonly<Record<string, unknown>>, toolCallId: string) => Prepared,
): Tool => ({
  name,
  description,
  parameters,
  replay: 'once',
  check: () => null,
  deeds: async () => [{ reach: 'execute', subject: name, match: null }],
  prepare: async (input, { toolCallId }) => prepare(input, toolCallId),
});
