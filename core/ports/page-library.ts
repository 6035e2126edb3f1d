/**
 * Page images of books, and labels that say which pages are work. A library is only read. One that cannot do
 * its work (permissions, damage) throws a `StorageError`.
 */
export interface PageLibrary {
  /**
   * The labelled pages, in any order. A label is `{state}/{school}/{year}/{page}.json`, and `007.json` is
   * page 7: with `7.json` beside it the page comes twice. What has another form (`cover.json`, `3.JSON`,
   * another depth), cannot be read or leads out of the library is passed over. `told`: of each of these, and
   * of names that look alike.
   */
  labels(told?: (notice: LabelNotice) => void): AsyncIterable<PageKey>;
  /**
   * The image `{state}/{school}/{year}/{page}.jpg`, `.png` or `.webp`, the first of them that is one by its
   * first bytes, which also say its type; undefined where there is none, and `told` is given the reason in
   * one line. Throws a RangeError for a key that could lead out of the library.
   */
  image(key: PageKey, told?: (reason: string) => void): Promise<PageImage | undefined>;
}

/** Something about labels that a person should know. */
export interface LabelNotice {
  /**
   * | kind | what it means |
   * |---|---|
   * | `passed-over` | no label |
   * | `unreadable` | what is in it is not known, and left out |
   * | `similar` | two names that a file system or a reader may take for one; both count |
   * | `repeated` | a second label of the same page |
   */
  readonly kind: 'passed-over' | 'unreadable' | 'similar' | 'repeated';
  /** Inside the folder of labels: `Alabama/LincolnCollege/1851/cover.json`. */
  readonly path: string;
  /** One line. */
  readonly reason: string;
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
