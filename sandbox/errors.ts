/** A failure that the person at the terminal can do something about. */
export class SandboxError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = "SandboxError";
    this.hint = hint;
  }
}
