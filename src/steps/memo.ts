/** A question that is asked once and answered from memory until what it asks about has changed. */
export interface Memo<Value> {
  (): Promise<Value>;
  forget(): void;
}

export function memo<Value>(load: () => Promise<Value>): Memo<Value> {
  let value: Promise<Value> | undefined;
  const ask = (): Promise<Value> => {
    value ??= load().catch((error: unknown) => {
      value = undefined;
      throw error;
    });
    return value;
  };
  return Object.assign(ask, { forget: () => void (value = undefined) });
}
