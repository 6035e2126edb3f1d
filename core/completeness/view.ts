/** A view of the lake. `sql` is one SELECT, the same text for DuckDB and for Athena. */
export interface View {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}
