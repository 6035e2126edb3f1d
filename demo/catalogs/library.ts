import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DemoPage, demoPages, printedLines } from './books.ts';
import { textBitmap } from './font.ts';
import { NO_IMAGE, NO_LABELS, WITHOUT_IMAGE } from './plan.ts';
import { pngOf } from './png.ts';

/** Writes `labels/` and `images/` into a directory. In the library without faults every page has an image. */
export function writeCatalogLibrary(directory: string, hasFaults: boolean): void {
  const write = (path: string, body: string | Uint8Array) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), body);
  };
  for (const page of demoPages(hasFaults)) {
    const { state, school, year, page: number, key } = page;
    const path = `${state}/${school}/${year}/${number}`;
    write(`labels/${path}.json`, '{"label": "courses"}\n');
    const image = `images/${path}.png`;
    if (key === WITHOUT_IMAGE) continue;
    if (key === NO_IMAGE) write(image, '<!DOCTYPE html><title>Not found</title>\n');
    else write(image, imageOfPage(page));
  }
  for (const path of NO_LABELS) write(`labels/${path}`, '{}\n');
}

/** A page as it was photographed. */
export function imageOfPage(page: DemoPage): Buffer {
  return pngOf(textBitmap(printedLines(page)));
}
