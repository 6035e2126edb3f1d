/**
 * A module's text taken apart: its code without comments, with every string emptied, and the modules that it
 * names.
 */
export interface ModuleText {
  /** Comments are gone and strings are empty, so that a word in either is no use of it. */
  readonly code: string;
  /** What stands in `import`, `export … from`, `import()`, `require()` and types, in order. */
  readonly imports: readonly string[];
}

/** Before one of these a slash begins a regular expression, elsewhere it divides. */
const BEFORE_PATTERN = /(?:^|[=([{},;:!&|?<>+\-*%~^]|\b(?:return|typeof|case|in|of|void))\s*$/;
const NAMES_A_MODULE = /(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*$/;

/** Enough of a scanner for this house's own TypeScript; it reads, it does not judge. */
export function readModule(text: string): ModuleText {
  const imports: string[] = [];
  let code = '';
  let at = 0;
  /** Depth of `{` inside the template literals that are open. */
  const templates: number[] = [];

  const skipTo = (end: number) => {
    at = end < 0 ? text.length : end;
  };
  const readTemplate = () => {
    while (at < text.length) {
      if (text[at] === '\\') at += 2;
      else if (text.startsWith('${', at)) {
        templates.push(0);
        code += '${';
        at += 2;
        return;
      } else if (text[at++] === '`') {
        code += '`';
        return;
      }
    }
  };

  while (at < text.length) {
    const char = text[at]!;
    if (text.startsWith('//', at)) skipTo(text.indexOf('\n', at));
    else if (text.startsWith('/*', at)) skipTo(text.indexOf('*/', at) + 2);
    else if (char === "'" || char === '"') {
      const end = endOfString(text, at);
      if (NAMES_A_MODULE.test(code.slice(-40))) imports.push(text.slice(at + 1, end));
      code += `${char}${char}`;
      at = end + 1;
    } else if (char === '`') {
      code += '`';
      at++;
      readTemplate();
    } else if (char === '/' && BEFORE_PATTERN.test(code.slice(-40))) {
      code += '/./';
      at = endOfPattern(text, at) + 1;
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      code += '}';
      at++;
      readTemplate();
    } else {
      const depth = templates.length - 1;
      if (depth >= 0 && char === '{') templates[depth]!++;
      if (depth >= 0 && char === '}') templates[depth]!--;
      code += char;
      at++;
    }
  }
  return { code, imports };
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== text[start]) at += text[at] === '\\' ? 2 : 1;
  return at;
}

function endOfPattern(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at;
  }
  return text.length;
}
