// Writes the contract's tables into PROTOCOL.md. With --check it writes nothing and fails when they are out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from '../src/protocol/reference.ts';

const file = 'PROTOCOL.md';
const before = readFileSync(file, 'utf8');
const after = withReference(before);
if (after === null) {
  console.error(`${file} lacks the markers between which the contract's tables stand.`);
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  writeFileSync(file, after);
} else if (after !== before) {
  console.error(`The contract's tables in ${file} are out of date. Run: npm run docs`);
  process.exitCode = 1;
}
