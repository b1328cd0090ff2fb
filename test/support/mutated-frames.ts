import { type JsonSchema, jsonSchema } from '../../src/protocol/json-schema.ts';
import { commandSpec, routeOf } from '../../src/protocol/routing.ts';
import type { Random } from '../../src/testing/chaos-random.ts';

/** Frames as the contract has them, and what becomes of them where chance changes a field, a type, a byte. The same ones for a seed. */
export type FrameSource = {
  /** A frame of that type as the contract has it, or as an older program might say it. */
  valid(type: string): Fields;
  /** The same with these fields, and then with up to three changes. */
  mutated(type: string, own?: Fields): Fields;
  /** As text, of which now and then something is cut off, doubled or overwritten; by default every twentieth. */
  text(frame: Fields, damage?: number): string;
};

export type Fields = Record<string, unknown>;

/** What stands under a name, mostly: so that frames are about the same few conversations, messages and requests. */
export type Pools = Readonly<Record<string, readonly unknown[]>>;

export const scopes = [
  { agent_id: 'agent-1', conversation_id: 'default' },
  { agent_id: 'agent-1', conversation_id: 'conv-1' },
  { agent_id: 'agent-2', conversation_id: 'default' },
  { agent_id: null, conversation_id: 'conv-2' },
] as const;

const commonPools: Pools = {
  runtime: scopes,
  runtimes: scopes.map((scope) => [scope]),
  agent_id: ['agent-1', 'agent-2', null],
  conversation_id: ['default', 'conv-1', 'conv-2'],
  client_message_id: ['cm-1', 'cm-2', 'cm-3', null],
  otid: ['cm-1', 'otid-2', null],
  kind: ['create_message', 'approval_response', 'checkout', 'message'],
  run_id: ['run-1', null],
  item_id: ['q-1', 'parked-1'],
  log_id: ['log-1', null],
  event_seq: [1, 2, 3, 7],
  after_event_seq: [0, 1, 2, 9],
  mode: ['standard', 'unrestricted', 'plan'],
  status: ['WAITING_ON_INPUT', 'PROCESSING_API_RESPONSE', 'WAITING_ON_APPROVAL'],
  pending_control_requests: [[], [{ request_id: 'perm-1', request: { input: { a: 1 } }, input_hash: 'h' }]],
};

const definitions = (jsonSchema().$defs ?? {}) as Readonly<Record<string, JsonSchema>>;

/** Every type that somebody may send: those of the contract, and what is left of older ones. */
export const clientTypes: readonly string[] = Object.keys(definitions).filter((type) => commandSpec(type));
export const deviceTypes: readonly string[] = Object.keys(definitions).filter((type) => {
  const route = routeOf(type);
  return route !== null && route.kind !== 'command';
});

export function frameSource(random: Random, pools: Pools = {}): FrameSource {
  const known: Pools = { ...commonPools, ...pools };
  let minted = 0;

  function valid(type: string): Fields {
    const made = instance(definitions[type] ?? {}, 0);
    return { ...(isObject(made) ? made : {}), type };
  }

  function instance(schema: JsonSchema, depth: number): unknown {
    const { $ref, anyOf, oneOf, allOf, items } = schema;
    if (typeof $ref === 'string') return instance(definitions[$ref.replace('#/$defs/', '')] ?? {}, depth);
    if ('const' in schema) return schema.const;
    if (Array.isArray(schema.enum)) return random.pick(schema.enum);
    const own = ofKind(schema, depth);
    const branch = branches(anyOf) ?? branches(oneOf);
    const more = branch ? instance(random.pick(branch), depth) : undefined;
    const parts = [own, more, ...(branches(allOf) ?? []).map((one) => instance(one, depth))];
    const objects = parts.filter(isObject);
    if (objects.length > 0) return Object.assign({}, ...objects);
    const value = parts.find((part) => part !== undefined);
    return value === undefined && !items ? junk(depth) : value;
  }

  function ofKind(
    { type, properties, required, additionalProperties, items, ...rest }: JsonSchema,
    depth: number,
  ) {
    switch (type) {
      case 'object':
        return object(
          fieldsOf(properties),
          Array.isArray(required) ? required : [],
          additionalProperties,
          depth,
        );
      case 'array':
        return Array.from({ length: depth > 6 ? 0 : random.int(0, 2) }, () =>
          instance(isObject(items) ? items : {}, depth + 1),
        );
      case 'string':
        return random.chance(0.7) ? `text ${++minted}` : random.pick(texts);
      case 'integer':
      case 'number':
        return random.int(Math.max(0, Number(rest.minimum ?? 0)), 20);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      default:
        return undefined;
    }
  }

  function object(properties: Fields, required: readonly unknown[], rest: unknown, depth: number): Fields {
    const made: Fields = {};
    for (const [name, schema] of Object.entries(properties)) {
      if (!required.includes(name) && (depth > 6 || random.chance(0.5))) continue;
      const pool = known[name];
      const isOneOf = isObject(schema) && ('const' in schema || 'enum' in schema || 'anyOf' in schema);
      if (pool && random.chance(isOneOf ? 0.2 : 0.9)) made[name] = random.pick(pool);
      else made[name] = instance(isObject(schema) ? schema : {}, depth + 1);
    }
    if (isObject(rest) && Object.keys(rest).length > 0) made[random.pick(texts)] = instance(rest, depth + 1);
    return made;
  }

  function junk(depth: number): unknown {
    if (depth < 6 && random.chance(0.15)) return { [random.pick(names)]: junk(depth + 1) };
    return random.pick(random.pick([texts, oddities, oddities, traps]));
  }

  function mutated(type: string, own: Fields = {}): Fields {
    let frame: Fields = { ...valid(type), ...own };
    for (let left = random.pick([0, 1, 1, 1, 2, 3]); left > 0; left--) frame = changed(frame);
    return frame;
  }

  /** The same value with one place in it changed; every place is as likely. */
  function changed(value: Fields): Fields {
    const places = placesIn(value);
    const place = places.length > 0 ? random.pick(places) : ['type'];
    const [key = 'type', ...above] = place.toReversed();
    return at(value, above.reverse(), (holder) => {
      if (Array.isArray(holder)) return holder.with(Number(key), junk(0));
      return isObject(holder) ? changedAt(holder, String(key)) : holder;
    }) as Fields;
  }

  function changedAt(value: Fields, key: string): Fields {
    switch (random.weighted({ replace: 6, remove: 3, add: 3, big: 0.1, reorder: 0.5, rename: 0.5 })) {
      case 'replace':
        return withKey(value, key, junk(0));
      case 'remove':
        return without(value, key);
      case 'add':
        return withKey(value, random.pick(names), junk(0));
      case 'big':
        return withKey(value, key, random.pick(large)());
      case 'reorder':
        return Object.fromEntries(Object.entries(value).reverse());
      case 'rename':
        return withKey(without(value, key), random.pick(names), value[key]);
    }
  }

  function text(frame: Fields, damage = 0.05): string {
    const json = JSON.stringify(frame).replace(/"@raw:([^"]*)"/g, '$1');
    if (!random.chance(damage)) return json;
    const at = random.int(0, json.length);
    switch (
      random.pick(['cut', 'double', 'number', 'overwrite', 'list', 'twice', 'space', 'twin'] as const)
    ) {
      case 'cut':
        return json.slice(0, at);
      case 'double':
        return json + json;
      case 'overwrite':
        return `${json.slice(0, at)}${random.pick(['"', '}', '\u0000', '\ufeff', '\\', ':', '\ud800', '\n'])}${json.slice(at + 1)}`;
      case 'number':
        return json.replace(/:\d+/, random.pick([':00', ':NaN', ':0x1', ':1e', ':+1']));
      case 'list':
        return `[${json}]`;
      case 'twice':
        return `${json.slice(0, -1)},${json.slice(1)}`;
      case 'space':
        return ` \n\t${json}\r\n `;
      case 'twin':
        return `${json.slice(0, -1)},${JSON.stringify(random.pick(names))}:${JSON.stringify(random.pick(oddities))}}`;
    }
  }
  return { valid, mutated, text };
}

const nested = (levels: number): unknown => JSON.parse(`${'[{"a":'.repeat(levels)}0${'}]'.repeat(levels)}`);

const texts: readonly string[] = [
  '',
  'x',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  'a'.repeat(300),
  '\u0000',
  '\ud800',
  '\u2028\u202e\ufeff',
  '\u{1f98a}'.repeat(3),
  'inbox:1',
  `${'A'.repeat(22)}:x`,
  `${'A'.repeat(22)}!`,
  '2026-01-01T00:00:00.000Z',
];
/** Names that objects have already, and those that programs look for. */
const names: readonly string[] = [
  ...['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'then', 'length'],
  ...['type', 'runtime', 'request_id', 'payload', 'auth', 'seq', 'event_seq', 'snapshot', 'holder', 'inbox'],
  ...['log_id', 'idempotency_key', 'success', 'done', 'farhand', ''],
];
/** What is no number in JSON's sense but parsed as one is written as `@raw:…`. */
const oddities: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, -0, 1e308, Number.MAX_SAFE_INTEGER, 2 ** 53, -(2 ** 63)],
  ...['@raw:1e999', '@raw:-1e999', '@raw:9007199254740993'],
  ...[{}, [], [null], [[]], [{}], { a: 1 }, 'NaN', '7'],
  nested(5),
  nested(40),
];
/** Whoever makes a text of one of these, or measures it, fails. */
const traps: readonly unknown[] = [
  { toString: 1 },
  { toString: null, valueOf: null },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  { length: 1e9, 0: 'x' },
  { length: { valueOf: 1, toString: 1 } },
  JSON.parse('{"toJSON":1,"then":1}'),
];
const large: readonly (() => unknown)[] = [
  () => 'y'.repeat(100_000),
  () => Array(5_000).fill(0),
  () => Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`k${n}`, n])),
  // As text, for it is nested more deeply than JSON.stringify can write.
  () => `@raw:${'['.repeat(20_000)}${']'.repeat(20_000)}`,
];

type Path = readonly (string | number)[];

/** Where something stands in a value, by the names on the way to it. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (path.length > 8 || typeof value !== 'object' || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.slice(0, 10).map((item, index) => [index, item])
    : Object.entries(value);
  return entries.flatMap(([key, inside]) => [[...path, key], ...placesIn(inside, [...path, key])]);
}

/** The value with something else in the place of what stands there. */
function at(value: unknown, path: Path, change: (there: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.with(Number(key), at(value[Number(key)], rest, change));
  const holder = fieldsOf(value);
  return withKey(holder, String(key), at(holder[key], rest, change));
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});
const branches = (value: unknown): readonly JsonSchema[] | null =>
  Array.isArray(value) && value.length > 0 ? value : null;
/** As JSON.parse would: also `__proto__` is a name like any other. */
const withKey = (value: Fields, key: string, to: unknown): Fields =>
  Object.fromEntries([...Object.entries(value).filter(([name]) => name !== key), [key, to]]);
const without = (value: Fields, key: string): Fields =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
