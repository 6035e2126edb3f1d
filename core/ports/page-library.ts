/**
 * Page images of books, and labels that say which pages are work. A library is only read. One that cannot do
 * its work (permissions, damage) throws a `StorageError`.
 */
export interface PageLibrary {
  /**
   * The labelled pages, in any order, each once. A label is `{state}/{school}/{year}/{page}.json`; what has
   * another form (`cover.json`, `3.JSON`, another depth) is passed over, and `007.json` is page 7.
   */
  labels(): AsyncIterable<PageKey>;
  /**
   * The image `{state}/{school}/{year}/{page}.jpg`, `.png` or `.webp`, the first of them that is there;
   * undefined where there is none. Throws a RangeError for a key that could lead out of the library.
   */
  image(key: PageKey): Promise<PageImage | undefined>;
}

/**
 * A page of a book; the book is (state, school, year). Names may hold spaces, dots and apostrophes
 * (`St. Mary's`), never `:`, `/` or `\`, and are neither empty, `.` nor `..`.
 */
export interface PageKey {
  readonly state: string;
  readonly school: string;
  /** A whole number, as is `page`. */
  readonly year: number;
  readonly page: number;
}

export interface PageImage {
  readonly bytes: Uint8Array;
  readonly mimeType: 'image/jpeg' | 'image/png' | 'image/webp';
}
