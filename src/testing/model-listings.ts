/** The body that lists models; `created` is in seconds, `query` may ask for a page. */
export type Listing = (ids: readonly string[], created: number, query: URLSearchParams) => object;

export const openaiModels: Listing = (ids, created) => ({
  object: 'list',
  data: ids.map((id) => ({ id, object: 'model', created, owned_by: 'scripted' })),
});

/** In pages: 20 unless `limit` says otherwise, `after_id` leads to the next. */
export const anthropicModels: Listing = (ids, created, query) => {
  const { page, more } = pageOf(ids, query.get('after_id'), query.get('limit') ?? '20');
  const created_at = new Date(created * 1000).toISOString();
  return {
    data: page.map((id) => ({ type: 'model', id, display_name: id, created_at })),
    has_more: more,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  };
};

/** In pages: 50 unless `pageSize` says otherwise, `pageToken` leads to the next. */
export const googleModels: Listing = (ids, _created, query) => {
  const { page, more } = pageOf(ids, query.get('pageToken'), query.get('pageSize') ?? '50');
  const models = page.map((id) => ({
    name: `models/${id}`,
    version: '001',
    displayName: id,
    description: 'A model that says what its script says.',
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    temperature: 1,
    topP: 0.95,
    topK: 64,
    maxTemperature: 2,
    thinking: true,
  }));
  const last = page.at(-1);
  return { models, ...(more && last !== undefined && { nextPageToken: last }) };
};

/** What Ollama has on its disk. */
export const ollamaModels: Listing = (ids, created) => ({
  models: ids.map((id) => ({
    name: id,
    model: id,
    modified_at: new Date(created * 1000).toISOString(),
    size: 4_700_000_000,
    digest: '0'.repeat(64),
    details: {
      parent_model: '',
      format: 'gguf',
      family: 'scripted',
      families: ['scripted'],
      parameter_size: '7B',
      quantization_level: 'Q4_K_M',
    },
  })),
});

function pageOf(ids: readonly string[], after: string | null, size: string) {
  const from = after === null ? 0 : ids.indexOf(after) + 1;
  const page = ids.slice(from, from + (Number(size) || ids.length));
  return { page, more: from + page.length < ids.length };
}
