/** The fields of the API's own `Schema`, a part of OpenAPI 3.0 and less than JSON Schema (`parametersJsonSchema` takes that). */
const FIELDS = new Set([
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'maxItems',
  'minItems',
  'properties',
  'required',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'example',
  'anyOf',
  'propertyOrdering',
  'default',
  'items',
  'minimum',
  'maximum',
]);

type Violation = { field: string; description: string };

/** Everything in a schema the API does not know, each with the place the API names it by. */
export function unknownSchemaFields(schema: unknown, field: string): Violation[] {
  if (!isRecord(schema)) return [];
  const said = (name: string, why: string): Violation => ({
    field,
    description: `Invalid JSON payload received. Unknown name "${name}" at '${field}': ${why}`,
  });
  const unknown = Object.keys(schema)
    .filter((name) => !FIELDS.has(name))
    .map((name) => said(name, 'Cannot find field.'));
  const listed = Array.isArray(schema.type)
    ? [said('type', 'Proto field is not repeating, cannot start list.')]
    : [];
  const properties = isRecord(schema.properties) ? Object.values(schema.properties) : [];
  const choices = Array.isArray(schema.anyOf) ? schema.anyOf : [];
  return [
    ...unknown,
    ...listed,
    ...properties.flatMap((property, i) => unknownSchemaFields(property, `${field}.properties[${i}].value`)),
    ...choices.flatMap((choice: unknown, i) => unknownSchemaFields(choice, `${field}.any_of[${i}]`)),
    ...unknownSchemaFields(schema.items, `${field}.items`),
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
