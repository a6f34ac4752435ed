import { z } from "zod";
import { chartVersion, imageDigest, imageRepository, imageTag } from "../rules/image.ts";
import { obeying, section, type Context } from "./fields.ts";

const fields = {
  repository: obeying(imageRepository).describe("Where it is, without tag, like `quay.io/jupyter/scipy-notebook`"),
  tag: obeying(imageTag).exactOptional().describe("Its tag; a fixed one, so that all servers run the same"),
  digest: obeying(imageDigest).exactOptional().describe("Its digest, `sha256:…`, instead of the tag or to prove it"),
};

/** In place of another one. */
export const otherImageSchema = z
  .strictObject(fields)
  .superRefine(checkVersion, { when: () => true })
  .exactOptional();

export const imageSchema = z
  .strictObject({
    ...fields,
    freeze: z
      .boolean()
      .default(false)
      .describe("Resolve the tag to a digest at the first install and keep to it, whatever becomes of the tag"),
    pullPolicy: z
      .enum(["auto", "IfNotPresent", "Always"])
      .default("auto")
      .describe(
        "When a node asks the registry for the image: `auto` is `Always` for a tag that moves, like `latest`, else `IfNotPresent`",
      ),
  })
  .superRefine(checkVersion, { when: () => true })
  .describe("What users' servers run. A tag or a digest is required");

/** Also runs when other entries are wrong, so that all is said at once. */
function checkVersion(image: unknown, context: Context): void {
  if (typeof image !== "object" || image === null || "tag" in image || "digest" in image) return;
  context.addIssue({ code: "custom", path: ["tag"], message: "is required, or a digest" });
}

/** `values` and `extraConfig` come from files beside the hub.yaml. */
export const hubSchema = section({
  chartVersion: obeying(chartVersion)
    .exactOptional()
    .describe("Version of the JupyterHub chart at the first install; without it, the one that hubctl was tested with"),
  image: otherImageSchema.describe(
    "Image of the hub itself in place of the chart's own, for example with a security fix",
  ),
}).describe("JupyterHub itself");
