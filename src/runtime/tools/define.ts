import * as z from 'zod';
import type { ReplayClass } from '../../core/facts.ts';
import type { Reach } from '../../core/permission.ts';
import { reasonOf } from './errno.ts';
import { isBelow, isProblem, locate } from './paths.ts';
import type { Deed, Prepared, Problem, Tool, ToolContext, ToolResult } from './tool.ts';

/** What a tool does to the world; where it does it is found out for each call. */
type Access = 'internal' | 'question' | 'read' | 'edit' | 'network' | 'execute';

type Specification<Schema extends z.ZodObject> = {
  readonly name: string;
  /** See `Tool.rule`. */
  readonly rule?: string;
  readonly description: string;
  /** One source for the JSON Schema that models see and for the check of what they send. */
  readonly input: Schema;
  /** A right call, shown to whoever got it wrong. */
  readonly example: z.input<Schema>;
  /** Other names of parameters. Camel and snake case of every parameter are accepted without being listed. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly replay: ReplayClass;
  readonly access: Access;
  /** The paths a call reaches for; left out by tools that stay in the working directory. */
  targets?(input: z.output<Schema>): readonly string[];
  /** Where access and targets do not say all. */
  deeds?(input: z.output<Schema>, context: ToolContext): Promise<readonly Deed[]>;
  preview?(input: z.output<Schema>, context: ToolContext): Promise<readonly Record<string, unknown>[]>;
  prepare(input: z.output<Schema>, context: ToolContext): Promise<Prepared | Problem>;
};

/**
 * Makes a tool of a typed specification: its functions see checked input under the listed names only.
 * Input that fails `check` reaches outside and is a problem to `prepare`.
 */
export function defineTool<Schema extends z.ZodObject>(spec: Specification<Schema>): Tool {
  const parse = (input: Record<string, unknown>) =>
    spec.input.safeParse(rename(spec.input, input, spec.aliases));
  const { preview } = spec;
  let parameters: Tool['parameters'] | undefined;
  return {
    name: spec.name,
    ...(spec.rule && { rule: spec.rule }),
    description: spec.description,
    // No start of the program waits for what only a model reads.
    get parameters() {
      parameters ??= jsonSchema(spec.input);
      return parameters;
    },
    replay: spec.replay,
    check(input) {
      const parsed = parse(input);
      return parsed.success ? null : complaint(spec.name, parsed.error, spec.example);
    },
    async deeds(input, context) {
      const parsed = parse(input);
      if (!parsed.success) return [{ reach: 'execute', subject: 'input that cannot be read', match: null }];
      if (spec.deeds) return spec.deeds(parsed.data, context);
      const { access } = spec;
      if (access !== 'read' && access !== 'edit') return [{ reach: access, subject: spec.name, match: null }];
      const targets = spec.targets?.(parsed.data) ?? ['.'];
      return Promise.all(targets.map((target) => deedAt(access, target, context)));
    },
    ...(preview && {
      async preview(input: Record<string, unknown>, context: ToolContext) {
        const parsed = parse(input);
        return parsed.success ? preview(parsed.data, context) : [];
      },
    }),
    async prepare(input, context) {
      const parsed = parse(input);
      if (!parsed.success) return { problem: complaint(spec.name, parsed.error, spec.example) };
      try {
        return await spec.prepare(parsed.data, context);
      } catch (error) {
        return { problem: `${spec.name} could not be made ready: ${reasonOf(error)}.` };
      }
    },
  };
}

/** What reading or changing a file is to the rules (PERM-3). */
export async function deedAt(
  access: 'read' | 'edit',
  target: string,
  context: Pick<ToolContext, 'cwd' | 'denied' | 'env' | 'readable'> & Partial<Pick<ToolContext, 'planFile'>>,
): Promise<Deed> {
  const place = await locate(target, context, access === 'read' ? 'read' : 'change');
  if (isProblem(place)) return { reach: 'forbidden', subject: place.problem, match: null };
  const ours = access === 'read' && (await isBelow(context.readable, place.real));
  const inside = (place.inside && !(access === 'edit' && place.guarded)) || ours;
  const reach: Reach = place.plan ? 'internal' : `${access}-${inside ? 'inside' : 'outside'}`;
  return { reach, subject: place.shown, match: { kind: 'path', path: place.real } };
}

/** A call without a gated process, named as in "Reading a.txt": `work` may throw, and stops early when told to. */
export function prepared(name: string, work: (signal: AbortSignal) => Promise<ToolResult>): Prepared {
  const stop = new AbortController();
  let running: Promise<ToolResult> | undefined;
  const start = async (): Promise<ToolResult> => {
    try {
      stop.signal.throwIfAborted();
      return await work(stop.signal);
    } catch (error) {
      return failure(stop.signal.aborted ? 'Interrupted.' : `${name} failed: ${reasonOf(error)}.`);
    }
  };
  return {
    run: () => {
      running ??= start();
      return running;
    },
    async abort() {
      stop.abort();
      await running;
    },
  };
}

export const success = (text: string): ToolResult => ({ status: 'success', text });
export const failure = (text: string): ToolResult => ({ status: 'error', text });

const camel = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Maps other spellings to the schema's own keys, at every level, and leaves out nulls: models send them for "not given". */
function rename(schema: unknown, value: unknown, aliases: Readonly<Record<string, string>> = {}): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return rename(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.map((each) => rename(schema.element, each));
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null || Array.isArray(value))
    return value;
  const { shape } = schema;
  const renamed: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) continue;
    const spellings = [key, aliases[key] ?? key, camel(key), snake(key)];
    const name = spellings.find((each) => Object.hasOwn(shape, each));
    if (name === undefined) renamed.push([key, inner]);
    // The schema's own name wins over an alias that came beside it.
    else if (name === key || !Object.hasOwn(value, name)) renamed.push([name, rename(shape[name], inner)]);
  }
  return Object.fromEntries(renamed);
}

function jsonSchema(schema: z.ZodObject): Readonly<Record<string, unknown>> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema: node }) => {
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
    },
  });
  return rest;
}

function complaint(tool: string, error: z.ZodError, example: unknown): string {
  const wrong = error.issues.map((issue) => {
    const where = issue.path.map(String).join('.');
    if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
      return `\`${where}\` is required`;
    return where === '' ? issue.message : `\`${where}\`: ${issue.message}`;
  });
  return `Wrong input for ${tool}: ${wrong.join('; ')}. A right call: ${tool} ${JSON.stringify(example)}`;
}
