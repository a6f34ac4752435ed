import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clusterOutputsSchema, generatedSecretsSchema, storageOutputsSchema } from "../../../src/releases/inputs.ts";
import { hub } from "../../../src/releases/hub.ts";
import { karpenter } from "../../../src/releases/karpenter.ts";
import { platform } from "../../../src/releases/platform.ts";
import { chartReference } from "../../../src/releases/release.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

test("a chart comes from its repository at the tested version", () => {
  expect(chartReference(hub)).toEqual([
    "jupyterhub",
    "--repo",
    "https://hub.jupyter.org/helm-chart/",
    "--version",
    "4.4.0",
  ]);
  expect(chartReference(karpenter)).toEqual(["oci://public.ecr.aws/karpenter/karpenter", "--version", "1.14.1"]);
});

test("the version in the lock file wins over the tested one", () => {
  expect(chartReference(hub, undefined, { jupyterhub: "4.3.3" })).toContain("4.3.3");
  expect(chartReference(hub, "/charts", { jupyterhub: "4.3.3" })).toEqual(["/charts/jupyterhub-4.3.3.tgz"]);
});

test.each([
  ["/charts", ["/charts/karpenter-1.14.1.tgz"]],
  ["/charts/", ["/charts/karpenter-1.14.1.tgz"]],
  ["https://mirror.example.org/charts/", ["https://mirror.example.org/charts/karpenter-1.14.1.tgz"]],
  ["oci://registry.example.org/charts", ["oci://registry.example.org/charts/karpenter", "--version", "1.14.1"]],
  ["", ["oci://public.ecr.aws/karpenter/karpenter", "--version", "1.14.1"]],
])("with the mirror %j the chart is %j", (mirror, words) => {
  expect(chartReference(karpenter, mirror)).toEqual(words);
});

test("the platform chart comes with hubctl, whatever the mirror", () => {
  const [path, ...rest] = chartReference(platform, "/charts");
  expect(rest).toEqual([]);
  expect(existsSync(join(path!, "Chart.yaml"))).toBe(true);
});

test("outputs and generated secrets are checked when they are read", () => {
  const inputs = releaseInputs();
  expect(storageOutputsSchema.parse(inputs.storage)).toEqual(inputs.storage);
  expect(clusterOutputsSchema.parse(inputs.cluster)).toEqual(inputs.cluster);
  expect(generatedSecretsSchema.parse(inputs.generated)).toEqual(inputs.generated);
  expect(clusterOutputsSchema.safeParse({ ...inputs.cluster, public_subnet_ids: [] }).success).toBe(false);
  expect(generatedSecretsSchema.safeParse({ ...inputs.generated, proxyToken: "short" }).success).toBe(false);
});
