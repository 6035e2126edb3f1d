declare module 'html-encoding-sniffer' {
  /** Canonical name of an encoding, or `defaultEncoding` as given. */
  export default function sniffEncoding(
    bytes: Uint8Array,
    options?: { xml?: boolean; transportLayerEncodingLabel?: string; defaultEncoding?: string },
  ): string;
}
