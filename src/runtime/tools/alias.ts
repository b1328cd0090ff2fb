import type * as z from 'zod';
import { defineTool } from './define.ts';
import type { Tool } from './tool.ts';

type Alias<Schema extends z.ZodObject> = {
  readonly name: string;
  readonly description?: string;
  readonly input: Schema;
  readonly example: z.input<Schema>;
  readonly aliases?: Readonly<Record<string, string>>;
  /** The same call for the tool itself. */
  as(input: z.output<Schema>): Record<string, unknown>;
};

/** A tool under the name and with the parameters that a family of models was trained on. The rules of the tool itself hold for it. */
export function aliasOf<Schema extends z.ZodObject>(tool: Tool, alias: Alias<Schema>): Tool {
  const { as, description = tool.description, ...shown } = alias;
  const { preview } = tool;
  return defineTool({
    ...shown,
    description,
    rule: tool.rule ?? tool.name,
    replay: tool.replay,
    access: 'execute',
    deeds: (call, context) => tool.deeds(as(call), context),
    ...(preview && { preview: (call: z.output<Schema>, context) => preview(as(call), context) }),
    async prepare(call, context) {
      const input = as(call);
      const problem = tool.check(input);
      return problem === null ? tool.prepare(input, context) : { problem };
    },
  });
}

/** The same tool by another name. */
export const renamed = (tool: Tool, name: string): Tool => ({
  name,
  rule: tool.rule ?? tool.name,
  description: tool.description,
  // No start of the program waits for what only a model reads.
  get parameters() {
    return tool.parameters;
  },
  replay: tool.replay,
  check: tool.check,
  deeds: tool.deeds,
  ...(tool.preview && { preview: tool.preview }),
  prepare: tool.prepare,
});

/** `ReadManyFiles` as `read_many_files`. */
export const snakeName = (name: string): string =>
  name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
