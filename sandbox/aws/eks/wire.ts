/** A shape of the SDK as it travels and as it is stored: timestamps are seconds since 1970. */
export type Wire<T> = T extends Date
  ? number
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

/** A shape whose named members are always there. */
export type With<T, Key extends keyof T> = Omit<T, Key> & { [K in Key]-?: NonNullable<T[K]> };
