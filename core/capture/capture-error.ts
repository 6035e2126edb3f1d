/**
 * Bytes that are no capture: damaged, cut off, or another kind of record. One line, with the place in the
 * file.
 */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
}
