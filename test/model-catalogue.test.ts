import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { catalogueFile, catalogueText } from '../scripts/model-catalogue.ts';

it('the model catalogue is what its generator makes', async ({ skip }) => {
  const text = await catalogueText();
  if (text === null) return skip('@earendil-works/pi-ai is not installed, so nothing is compared');
  expect(readFileSync(catalogueFile, 'utf8') === text, 'run: node scripts/model-catalogue.ts').toBe(true);
});
