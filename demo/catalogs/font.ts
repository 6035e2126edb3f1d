import type { Bitmap } from './png.ts';

/** Seven rows of five dots a letter; a row is a digit of base 32, whose bits are the dots. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: 'ehhvhhh',
  B: 'uhhuhhu',
  C: 'ehggghe',
  D: 'uhhhhhu',
  E: 'vgguggv',
  F: 'vgguggg',
  G: 'ehgnhhf',
  H: 'hhhvhhh',
  I: 'e44444e',
  J: '72222ic',
  K: 'hikokih',
  L: 'ggggggv',
  M: 'hrllhhh',
  N: 'hhpljhh',
  O: 'ehhhhhe',
  P: 'uhhuggg',
  Q: 'ehhhlid',
  R: 'uhhukih',
  S: 'fgge11u',
  T: 'v444444',
  U: 'hhhhhhe',
  V: 'hhhhha4',
  W: 'hhhllla',
  X: 'hha4ahh',
  Y: 'hha4444',
  Z: 'v1248gv',
  0: 'ehjlphe',
  1: '4c4444e',
  2: 'eh1248v',
  3: 'v2421he',
  4: '26aiv22',
  5: 'vgu11he',
  6: '68guhhe',
  7: 'v124888',
  8: 'ehhehhe',
  9: 'ehhf12c',
  '.': '00000cc',
  ',': '0000c48',
  "'": 'c480000',
  '-': '000v000',
  '&': 'cikglid',
  ':': '0cc0cc0',
};

const WIDTH = 6;
const HEIGHT = 10;
const MARGIN = 12;

/** Lines of text as a printed page; what the font has no sign for is a gap. */
export function textBitmap(lines: readonly string[]): Bitmap {
  const longest = Math.max(...lines.map((line) => line.length));
  return {
    width: 2 * MARGIN + WIDTH * longest,
    height: 2 * MARGIN + HEIGHT * lines.length,
    has(x, y) {
      const [column, row] = [x - MARGIN, y - MARGIN];
      if (column < 0 || row < 0) return false;
      const sign = lines[Math.floor(row / HEIGHT)]?.[Math.floor(column / WIDTH)];
      const dots = GLYPHS[sign?.toUpperCase() ?? '']?.[row % HEIGHT];
      const at = column % WIDTH;
      return dots !== undefined && at < 5 && (Number.parseInt(dots, 32) & (0x10 >> at)) !== 0;
    },
  };
}
