import { describe, expect, it } from "vitest";
import { formatHealth } from "../../../src/health/format-health.ts";
import type { LayerHealth } from "../../../src/health/layer.ts";

function format(layers: LayerHealth[], columns = 80): string[] {
  return formatHealth(
    { deployment: "dandihub", checked: "2026-11-21T12:00:00.000Z", layers },
    { columns, style: (_, text) => text, kubeconfigHint: "export KUBECONFIG=FILE" },
  );
}

describe("the text of a look", () => {
  it("is a line for each layer and a sum", () => {
    expect(
      format([
        { layer: "login", state: "ok", finding: "user/operator" },
        { layer: "state", state: "warning", finding: "silent", todo: "wait, then look again" },
        { layer: "hub", state: "problem", finding: "it is gone" },
        { layer: "backups", state: "unknown", finding: "none" },
      ]),
    ).toEqual([
      "ok       login          user/operator",
      "warning  state          silent",
      "         → wait, then look again",
      "problem  hub            it is gone",
      "unknown  backups        none",
      "dandihub: 1 problem, 1 warning, 1 unknown, 1 ok, 2026-11-21 12:00:00 UTC",
    ]);
  });

  it.each([60, 80, 120])("fits a terminal of %i columns, and never more than 100", (columns) => {
    const words = "a finding of many words that goes on and on ".repeat(6).trim();
    const lines = format([{ layer: "nodes", state: "warning", finding: words, todo: words }], columns);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(Math.min(columns, 100));
    expect(lines.join(" ").replaceAll(/\s+/g, " ")).toContain(words);
  });

  it("keeps a command in one piece", () => {
    const todo = `kubectl describe pod ${"x".repeat(60)} -n jupyterhub`;
    expect(format([{ layer: "hub", state: "problem", finding: "x", todo }], 60)).toContain(`         → ${todo}`);
  });

  it("says what kubectl and Helm need, only when they are needed", () => {
    const hint = "for kubectl and helm: export KUBECONFIG=FILE";
    const layer = { layer: "hub", state: "problem", finding: "x" } as const;
    expect(format([{ ...layer, todo: "helm rollback hub 1" }])).toContain(hint);
    expect(format([{ ...layer, todo: "hubctl install" }])).not.toContain(hint);
  });
});
