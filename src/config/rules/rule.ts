/** What a single value must look like: answers what is wrong, as the continuation of the value's key. */
export type Rule = (text: string) => string | undefined;
