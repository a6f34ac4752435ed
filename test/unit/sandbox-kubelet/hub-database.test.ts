import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Binaries } from "../../../sandbox/binaries/index.ts";
import type { KubeClient } from "../../../sandbox/kube/client.ts";
import { folderOfClaim } from "../../../sandbox/kubelet/claim-folders.ts";
import { findProgram } from "../../../sandbox/kubelet/programs.ts";
import { temporaryFolder, writeTool } from "../../helpers/tools.ts";

describe("the folder behind a claim", () => {
  function folderOf(csi: object, dir = temporaryFolder()): Promise<string> {
    const objects: Record<string, unknown> = {
      "/api/v1/namespaces/jupyterhub/persistentvolumeclaims/db": { spec: { volumeName: "pv-1" } },
      "/api/v1/persistentvolumes/pv-1": { spec: { csi } },
    };
    const kube = { get: (path: string) => Promise.resolve(objects[path]) } as unknown as KubeClient;
    const dependencies = { accessPointRoot: (id: string) => Promise.resolve(`/root-of-${id}`) };
    return folderOfClaim({ kube, dependencies, dir }, "jupyterhub", "db");
  }

  test.each([
    ["an EBS volume", { driver: "ebs.csi.aws.com", volumeHandle: "vol-1" }, "vol-1"],
    ["an access point", { driver: "efs.csi.aws.com", volumeHandle: "fs-1::fsap-2" }, "fs-1/root-of-fsap-2"],
    ["a file system", { driver: "efs.csi.aws.com", volumeHandle: "fs-1" }, "fs-1"],
  ])("is that of %s, whoever mounts it", async (_, csi, path) => {
    const dir = temporaryFolder();
    const folder = await folderOf(csi, dir);
    expect(folder.replace(/\/$/, "")).toBe(join(dir, "volumes", path));
    expect(existsSync(folder)).toBe(true);
    expect(await folderOf(csi, dir)).toBe(folder);
  });

  test("is none for a driver that nothing stands in for", async () => {
    await expect(folderOf({ driver: "nfs.csi.k8s.io", volumeHandle: "x" })).rejects.toThrow("nfs.csi.k8s.io");
  });
});

describe("the hub's image", () => {
  const find = (container: { image?: string; command?: string[]; args?: string[] }) => {
    const motoServer = writeTool(temporaryFolder(), "moto_server", "");
    return findProgram({ motoServer } as Binaries, {
      name: "main",
      image: "quay.io/jupyterhub/k8s-hub:4.4.0",
      ...container,
    });
  };

  test("runs Python with the container's own words", () => {
    expect(find({ command: ["python3", "/opt/x.py"], args: ["copy"] })).toMatchObject({
      args: ["/opt/x.py", "copy"],
      standsInAfterwards: false,
    });
  });

  test("as a hub makes its database and does nothing more", () => {
    const program = find({ args: ["jupyterhub", "--config", "/etc/config.py"] });
    expect(program).toMatchObject({ workingDir: "/srv/jupyterhub", standsInAfterwards: true });
    expect(program?.args).toEqual([expect.stringMatching(/hub-database\.py$/), "4.4.0"]);
    const digest = find({ image: "quay.io/jupyterhub/k8s-hub@sha256:1234", args: ["jupyterhub"] });
    expect(digest?.args).toEqual([expect.any(String), ""]);
  });

  test("runs nothing else, and Python of other images runs nowhere", () => {
    expect(find({ args: ["sleep"] })).toBeUndefined();
    expect(find({ image: "python:3.13", command: ["python3", "-c", "1"] })).toBeUndefined();
  });
});
