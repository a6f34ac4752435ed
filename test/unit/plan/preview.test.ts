import { describe, expect, it } from "vitest";
import type { Drift, ObjectChange } from "../../../src/engine/object-change.ts";
import type { Checked, Step } from "../../../src/engine/step.ts";
import type { ClusterLook } from "../../../src/plan/cluster-look.ts";
import { previewChanges } from "../../../src/plan/preview.ts";
import type { Installation } from "../../../src/steps/installation.ts";
import { fakeInstallation } from "../../helpers/installation.ts";

const nothing: ClusterLook = { drift: new Map() };

function step(id: string, objects?: ObjectChange[]): Step<Installation> {
  return {
    id,
    title: `Do ${id}`,
    check: () => Promise.reject(new Error("it has been checked")),
    run: () => Promise.reject(new Error("nothing is run")),
    ...(objects && { preview: () => Promise.resolve(objects) }),
  };
}

const of = (what: string, action: ObjectChange["action"], attributes: ObjectChange["attributes"] = []) => ({
  action,
  type: what.split(".")[0] ?? "",
  what,
  attributes,
  forcedBy: [],
});
const drifted = (what: string, drift: Partial<Drift>): Drift => ({
  type: what.split(".")[0] ?? "",
  what,
  kind: "changed",
  attributes: [],
  isPutBack: true,
  ...drift,
});

async function preview(
  found: Record<string, Checked<unknown>>,
  {
    objects = {},
    look = nothing,
    installation = fakeInstallation(),
  }: {
    objects?: Record<string, ObjectChange[]>;
    look?: ClusterLook;
    installation?: ReturnType<typeof fakeInstallation>;
  } = {},
) {
  const list = Object.keys(found).map((id) => step(id, objects[id]));
  return previewChanges(installation, list, new Map(Object.entries(found)), Promise.resolve(look));
}

describe("previewChanges", () => {
  it("finds nothing to change where all is done", async () => {
    const found = await preview({ "storage-stack": { done: "empty" }, hub: { done: "as wanted" } });
    expect(found).toMatchObject({ hasChanges: false, isInstalled: true, steps: [], drift: [], consequences: [] });
  });

  it("tells changes, waits and what is not known yet apart; to wait is no change", async () => {
    const waits = await preview({ "core-nodes": { change: "wait until 2 are ready", plan: 1 } });
    expect(waits).toMatchObject({ hasChanges: false, steps: [{ kind: "wait" }] });
    const found = await preview({ hub: { change: "install", plan: 1 }, "alias-record": { unknown: "later" } });
    expect(found).toMatchObject({
      hasChanges: true,
      steps: [{ kind: "change" }, { kind: "unknown", summary: "later" }],
    });
  });

  it("calls a step that only changes what is there by that title", async () => {
    const found = await preview({ hub: { change: "values of cull", plan: 1, title: "Update it" } });
    expect(found.steps).toMatchObject([{ title: "Update it", summary: "values of cull" }]);
  });

  it("tells what only puts drift back as drift, and of the rest both", async () => {
    const installation = fakeInstallation();
    const mode = { path: "mode", before: "a", after: "b" };
    installation.stacks.storage.drift = [
      drifted("aws_a.changed", { attributes: [mode] }),
      drifted("aws_b.gone", { kind: "gone" }),
      drifted("aws_c.both", { attributes: [mode] }),
      drifted("aws_d.stays", { attributes: [mode], isPutBack: false }),
    ];
    const back = { path: "mode", before: "b", after: "a" };
    const size = { path: "size", before: 1, after: 2 };
    const objects = [
      of("aws_a.changed", "change", [back]),
      of("aws_b.gone", "create"),
      of("aws_c.both", "change", [back, size]),
      of("aws_e.other", "create"),
    ];
    const found = await preview(
      { "storage-stack": { change: "4", plan: 1 } },
      { objects: { "storage-stack": objects }, installation },
    );
    expect(found.drift.map(({ step, what }) => [step, what])).toEqual([
      ["storage-stack", "aws_a.changed"],
      ["storage-stack", "aws_b.gone"],
      ["storage-stack", "aws_c.both"],
      ["storage-stack", "aws_d.stays"],
    ]);
    expect(found.steps[0]?.objects).toEqual([of("aws_c.both", "change", [size]), of("aws_e.other", "create")]);
  });

  it("says of objects in the cluster that an upgrade puts them back, and nothing else does", async () => {
    const look = {
      servers: { servers: 1, users: 1 },
      drift: new Map([["hub", [drifted("Service/j/x", { isPutBack: false })]]]),
    };
    const stays = await preview({ hub: { done: "as wanted" } }, { look });
    expect(stays).toMatchObject({
      hasChanges: false,
      drift: [{ step: "hub", isPutBack: false }],
      servers: { users: 1 },
    });
    const upgraded = await preview({ hub: { change: "upgrade", plan: 1 } }, { look });
    expect(upgraded.drift).toMatchObject([{ step: "hub", isPutBack: true }]);
  });

  it("tells what it means that an upgrade undoes what somebody has changed in the cluster", async () => {
    const image = { path: "spec.template.spec.containers[hub].image", before: "hub:1", after: "hub:2" };
    const edited: Drift = {
      type: "Deployment",
      what: "Deployment/jupyterhub/hub",
      kind: "changed",
      attributes: [image],
      isPutBack: false,
    };
    const look = { drift: new Map([["hub", [edited]]]) };
    const stays = await preview({ hub: { done: "as wanted" } }, { look });
    expect(stays.consequences).toEqual([]);
    const upgraded = await preview({ hub: { change: "values of cull", plan: 1 } }, { look });
    expect(upgraded.consequences).toMatchObject([{ effect: "hub-down", because: ["Deployment/jupyterhub/hub"] }]);
    expect(upgraded.steps[0]?.objects).toEqual([]);
  });

  it("takes a missing record for drift if nothing else changes, and for part of an install if much does", async () => {
    const record = { change: "make the record", plan: 1 };
    const gone = await preview({ hub: { done: "as wanted" }, "alias-record": record });
    expect(gone).toMatchObject({ hasChanges: true, drift: [{ step: "alias-record", what: "make the record" }] });
    const early = await preview({ hub: { change: "install", plan: 1 }, "alias-record": record });
    expect(early.drift).toEqual([]);
  });

  it("tells of a record that leads elsewhere, which is left so", async () => {
    const found = await preview({ "alias-record": { done: "left as it is", drift: "A 192.0.2.1" } });
    expect(found).toMatchObject({ hasChanges: false, drift: [{ what: "A 192.0.2.1", isPutBack: false }] });
  });

  it("warns of data that is lost with what the guard has weighed", async () => {
    const installation = fakeInstallation();
    installation.guard.putOff();
    installation.guard.weigh("storage-stack", [
      { address: "aws_efs_file_system.homes", verb: "replace", kind: "file system", carriesData: true, forcedBy: [] },
    ]);
    const found = await preview(
      { "storage-stack": { change: "1 to replace", plan: 1 } },
      { installation, objects: { "storage-stack": [of("aws_efs_file_system.homes", "replace")] } },
    );
    expect(found.losses).toHaveLength(1);
    expect(found.consequences.map(({ effect }) => effect)).toEqual(["data-lost", "servers-stop"]);
  });
});
