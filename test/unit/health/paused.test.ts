import { describe, expect, it } from "vitest";
import { layerNames } from "../../../src/health/layer.ts";
import { describePaused, pausedFinding } from "../../../src/health/paused.ts";
import type { Scene } from "../../../src/health/scene.ts";
import { subject } from "../../helpers/health-scene.ts";

const pause = {
  since: "2026-11-20T10:00:00.000Z",
  by: "arn:aws:iam::123456789012:role/operator",
  isComplete: true,
  nodeGroups: { core: { min: 2, max: 3, desired: 2 } },
};

const sceneWith = (found: typeof pause | undefined) =>
  ({ ...subject(), pause: Promise.resolve(found) }) as unknown as Scene;

describe("a paused deployment", () => {
  it("is well without its nodes, and tells since when and how it comes back", () => {
    expect(describePaused("nodes", subject(), pause)).toEqual({
      state: "ok",
      finding: "paused since 2026-11-20T10:00:00.000Z by arn:aws:iam::123456789012:role/operator",
      todo: "hubctl resume --deployment dandihub",
      details: { paused: "2026-11-20T10:00:00.000Z" },
    });
    expect(describePaused("hub", subject(), pause)).toMatchObject({ state: "ok", finding: "paused" });
  });

  it("is looked at as ever in what a pause leaves alone", async () => {
    const looked = [];
    for (const layer of layerNames) {
      if ((await pausedFinding(layer, sceneWith(pause))) === undefined) looked.push(layer);
    }
    expect(looked).toEqual(["login", "configuration", "state", "cluster", "releases", "storage", "certificate"]);
  });

  it("is looked at in all layers while it is half paused, with a warning that tells why", async () => {
    const half = sceneWith({ ...pause, isComplete: false });
    expect(await pausedFinding("hub", half)).toBeUndefined();
    expect(await pausedFinding("nodes", half)).toMatchObject({
      state: "warning",
      todo: "hubctl pause --deployment dandihub, or hubctl resume --deployment dandihub",
    });
  });

  it("is none without a note of it", async () => {
    for (const layer of layerNames) expect(await pausedFinding(layer, sceneWith(undefined))).toBeUndefined();
  });
});
