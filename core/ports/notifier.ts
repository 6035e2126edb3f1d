/** Tells people. */
export interface Notifier {
  /** `subject`: one line of printable ASCII, at most 100 characters (the limit of SNS). */
  notify(message: { readonly subject: string; readonly text: string }): Promise<void>;
}
