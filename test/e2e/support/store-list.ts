import type { Target } from '../../../core/source/source.ts';

/** The list of the demo's stores as an import reads it: an empty cell is an attribute that nobody knows. */
export function storesIn(csv: string): Required<Target>[] {
  const [head, ...lines] = csv.trim().split('\n');
  const names = head!.split(',');
  return lines.map((line) => {
    const cells = line.split(',').map((cell, at) => [names[at]!, cell] as const);
    const { store_id: id, ...attributes } = Object.fromEntries(cells.filter(([, cell]) => cell !== ''));
    return { id: id!, attributes: attributes as Record<string, string> };
  });
}
