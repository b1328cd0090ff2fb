import type { ArithmeticExpression, WordPart } from 'unbash';
import { atomsOfText } from './atoms.ts';
import { expand, isSensitive, lookUp, substitute } from './expansions.ts';
import { isNumeric, literal, type Piece, someNumber } from './pieces.ts';
import { deed, type Shell } from './shell.ts';
import { assign, numberValue } from './state.ts';

/**
 * Arithmetic evaluates what variables hold, and in subscripts runs it: only numbers, and variables that hold numbers, are
 * understood (PERM-4). Gives the number.
 */
export function arithmetic(expression: ArithmeticExpression, shell: Shell): Piece {
  if (!isUnderstood(expression, shell))
    deed(shell, 'execute', 'arithmetic with what is not known to be a number');
  return expression.type === 'ArithmeticWord' && /^\d+$/.test(expression.value)
    ? expression.value
    : someNumber;
}

function isUnderstood(expression: ArithmeticExpression, shell: Shell): boolean {
  switch (expression.type) {
    case 'ArithmeticBinary': {
      const right = isUnderstood(expression.right, shell);
      const isAssignment = /^(=|[-+*/%&|^]=|<<=|>>=)$/.test(expression.operator);
      if (!isAssignment) return isUnderstood(expression.left, shell) && right;
      const isRead = expression.operator !== '=';
      return (!isRead || isUnderstood(expression.left, shell)) && assigns(expression.left, shell) && right;
    }
    case 'ArithmeticUnary': {
      const isKnown = isUnderstood(expression.operand, shell);
      const changes = expression.operator === '++' || expression.operator === '--';
      return isKnown && (!changes || assigns(expression.operand, shell));
    }
    case 'ArithmeticTernary':
      return [expression.test, expression.consequent, expression.alternate]
        .map((each) => isUnderstood(each, shell))
        .every(Boolean);
    case 'ArithmeticGroup':
      return isUnderstood(expression.expression, shell);
    case 'ArithmeticCommandExpansion':
      substitute(expression, shell);
      return false;
    case 'ArithmeticWord':
      return isNumber(expression.value, expression.parts, shell);
  }
}

const name = /^[A-Za-z_]\w*$/;

function assigns(target: ArithmeticExpression, shell: Shell): boolean {
  if (
    target.type !== 'ArithmeticWord' ||
    target.parts ||
    !name.test(target.value) ||
    isSensitive(target.value)
  )
    return false;
  shell.state = assign(shell.state, target.value, numberValue);
  return true;
}

function isNumber(value: string, parts: readonly WordPart[] | undefined, shell: Shell): boolean {
  if (parts) {
    const pieces = atomsOfText(parts).flatMap((atom): readonly Piece[] => {
      if ('expansion' in atom) return expand(atom.expansion, shell).pieces;
      return 'quoted' in atom ? [atom.quoted] : ['?'];
    });
    return pieces.every((piece) => isNumeric([piece])) && pieces.length > 0;
  }
  if (/^(\d+|0[xX][\da-fA-F]+)$/.test(value)) return true;
  const variable = /^(?:\$?([A-Za-z_]\w*)|\$([?#$!])|\$\{([A-Za-z_]\w*)\})$/.exec(value);
  const called = variable?.[1] ?? variable?.[2] ?? variable?.[3];
  if (called === undefined) return false;
  const { pieces } = lookUp(called, shell);
  return isNumeric(pieces) || literal(pieces) === '';
}
