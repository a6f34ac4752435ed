import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseStreamLine, type TerraformEvent } from "../../../src/tools/terraform-events.ts";
import { createProgress } from "../../../src/tools/terraform-progress.ts";

const recorded = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../fixtures/terraform", name), "utf8")
    .trim()
    .split("\n");

const event = (value: object) => parseStreamLine(JSON.stringify({ "@message": "m", ...value })).event!;
const hook = (type: string, addr: string, seconds = 0, time = "2026-11-21T08:00:00Z") =>
  event({
    type,
    "@timestamp": time,
    hook: { resource: { addr, resource_type: "t" }, action: "create", elapsed_seconds: seconds },
  });

describe("parseStreamLine", () => {
  it("knows the events of a recorded apply", () => {
    const types = recorded("apply.jsonl").map((line) => parseStreamLine(line).event?.type ?? "other");
    expect(types).toEqual([
      "version",
      "planned_change",
      "planned_change",
      "apply_start",
      "apply_complete",
      "apply_start",
      "apply_complete",
      "change_summary",
      "other",
    ]);
  });

  it("knows OpenTofu's version line", () => {
    expect(event({ type: "version", tofu: "1.12.6", ui: "1.2" })).toMatchObject({ type: "version", tofu: "1.12.6" });
  });

  it.each([
    ["plain text", "panic: runtime error", "panic: runtime error"],
    ["half a line", '{"@level":"info","@mess', '{"@level":"info","@mess'],
    ["an event of a newer version", '{"@message":"new","type":"action_start"}', "new"],
    ["an event with other fields than expected", '{"@message":"odd","type":"apply_start","hook":{}}', "odd"],
    ["JSON that is no object", "{}", "{}"],
  ])("takes %s for text", (_, line, text) => {
    expect(parseStreamLine(line)).toEqual({ text });
  });
});

describe("createProgress", () => {
  const at = (time: string) => () => Date.parse(time);

  it("counts what is done, and says what is waited for longest and since when", () => {
    const progress = createProgress(5, at("2026-11-21T08:09:05Z"));
    progress.take(hook("apply_start", "aws_vpc.this"));
    progress.take(hook("apply_complete", "aws_vpc.this", 3));
    progress.take(hook("apply_start", "aws_eks_cluster.this", 0, "2026-11-21T08:01:00Z"));
    progress.take(hook("apply_start", "aws_nat_gateway.this", 0, "2026-11-21T08:02:00Z"));
    expect(progress.describe()).toBe("1/5 done, waiting for aws_eks_cluster.this (8 min 05 s) and 1 more");
    progress.take(hook("apply_complete", "aws_nat_gateway.this"));
    progress.take(hook("apply_errored", "aws_eks_cluster.this"));
    expect(progress.describe()).toBe("2/5 done");
  });

  it("knows how long something has lasted although its start was missed", () => {
    const progress = createProgress(undefined, at("2026-11-21T08:00:00Z"));
    progress.take(hook("apply_progress", "aws_eks_cluster.this", 70));
    expect(progress.describe()).toBe("0 done, waiting for aws_eks_cluster.this (1 min 10 s)");
  });

  it("says what a plan has found so far", () => {
    const progress = createProgress();
    expect(progress.describe()).toBe("");
    for (const line of recorded("plan.jsonl"))
      progress.take(
        parseStreamLine(line).event ?? ({ type: "version", "@message": "", "@timestamp": "" } satisfies TerraformEvent),
      );
    expect(progress.describe()).toBe("2 changes found");
  });

  it("keeps errors as Terraform's own words and leaves warnings out", () => {
    const progress = createProgress();
    const diagnostic = (severity: string) =>
      event({
        type: "diagnostic",
        diagnostic: { severity, summary: "creating EKS Cluster", detail: "no role", address: "aws_eks_cluster.this" },
      });
    progress.take(diagnostic("warning"));
    expect(progress.failures()).toBe("");
    progress.take(diagnostic("error"));
    expect(progress.failures()).toBe("Error: creating EKS Cluster\n  with aws_eks_cluster.this\nno role");
  });
});
