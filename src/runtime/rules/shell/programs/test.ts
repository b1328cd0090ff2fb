import type { TestExpression } from 'unbash';
import type { Reach } from '../../../../core/permission.ts';
import { reachOf } from '../paths.ts';
import { type Field, isNumeric, textOf } from '../pieces.ts';
import { deed, type Shell, worse } from '../shell.ts';
import { wordOf } from '../words.ts';

const ofFiles = /^-[abcdefghkprstuwxGLNOS]$/;
const ofText = new Set(['-n', '-z', '-t', '-o']);
const between = new Set([
  '=',
  '==',
  '!=',
  '<',
  '>',
  '-eq',
  '-ne',
  '-lt',
  '-le',
  '-gt',
  '-ge',
  '-nt',
  '-ot',
  '-ef',
  '=~',
]);
const comparesFiles = new Set(['-nt', '-ot', '-ef']);
const comparesNumbers = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge']);

/** What `test` and `[` look at. Words that are not known may be operators, except on both sides of one that is. */
export function reachOfTest(words: readonly Field[], shell: Shell): Reach {
  let reach: Reach = 'read-inside';
  const look = (word: Field) => {
    reach = worse(reach, reachOf('read', word, shell));
  };
  for (let at = 0; at < words.length; ) {
    const [word, second, third] = words.slice(at, at + 3);
    const text = word ? textOf(word) : null;
    if (word?.splits || second?.splits || third?.splits) return 'execute';
    const operator = second && textOf(second);
    if (word && third && operator != null && between.has(operator)) {
      if (comparesFiles.has(operator)) [word, third].forEach(look);
      at += 3;
    } else if (text === '!' || text === '(' || text === ')') at += 1;
    else if (text !== null && second && (ofText.has(text) || ofFiles.test(text))) {
      if (ofFiles.test(text)) look(second);
      at += 2;
    } else if (text === null ? words.length > 1 : text.startsWith('-') && text.length > 1 && words.length > 1)
      return 'execute';
    else at += 1;
    const joint = words[at];
    if (joint && /^-[ao]$/.test(textOf(joint) ?? '')) at += 1;
  }
  return reach;
}

/** What `[[ … ]]` looks at and evaluates. */
export function walkTest(expression: TestExpression, subject: string, shell: Shell): void {
  const look = (word: Field) => deed(shell, reachOf('read', word, shell), subject);
  switch (expression.type) {
    case 'TestGroup':
      return walkTest(expression.expression, subject, shell);
    case 'TestNot':
      return walkTest(expression.operand, subject, shell);
    case 'TestLogical':
      for (const operand of expression.operands) walkTest(operand, subject, shell);
      return;
    case 'TestUnary': {
      const operand = wordOf(expression.operand, shell);
      if (ofFiles.test(expression.operator)) return look(operand);
      if (ofText.has(expression.operator)) return;
      // A subscript in the name of a variable is evaluated.
      const isName = expression.operator === '-v' && /^[A-Za-z_]\w*$/.test(textOf(operand) ?? '');
      if (!isName) deed(shell, 'execute', subject);
      return;
    }
    case 'TestBinary': {
      const sides = [wordOf(expression.left, shell), wordOf(expression.right, shell)];
      if (comparesFiles.has(expression.operator)) return sides.forEach(look);
      const isUnderstood = !comparesNumbers.has(expression.operator) || sides.every(isNumber);
      if (!isUnderstood || !between.has(expression.operator)) deed(shell, 'execute', subject);
    }
  }
}

const isNumber = (word: Field): boolean => isNumeric(word.pieces) || textOf(word) === '';
