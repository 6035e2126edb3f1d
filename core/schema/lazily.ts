/** What `make` gives, made by the first call: to build a large schema takes milliseconds of every start. */
export function lazily<Made extends object>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
