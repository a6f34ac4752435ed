import { defineStep } from "../engine/step.ts";
import { applyStack, checkStack, previewStack } from "./terraform-stack.ts";

export const storageStack = defineStep({
  id: "storage-stack",
  title: "Create what outlives a cluster: file system, secrets",
  usual: 40,
  check: checkStack("storage", "Change what outlives a cluster: file system, secrets"),
  preview: previewStack,
  run: applyStack("storage"),
});
