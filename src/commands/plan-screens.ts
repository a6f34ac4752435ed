import type { Preview } from "../plan/preview.ts";
import type { Output } from "../ui/output.ts";

/** The plan as lines for a terminal or a log. */
export function describePreview(_preview: Preview, _output: Pick<Output, "style">): string[] {
  throw new Error("not yet");
}

/** The plan as a comment under a pull request. */
export function previewAsMarkdown(_preview: Preview): string {
  throw new Error("not yet");
}
