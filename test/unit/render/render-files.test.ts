import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import type { HubLock } from "../../../src/config/hub-lock.ts";
import { addonNames } from "../../../src/config/terraform-variables.ts";
import { renderFiles } from "../../../src/render/render-files.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const { config, lock: fixture } = releaseInputs();
const lock: HubLock = {
  ...fixture,
  addons: Object.fromEntries(addonNames.map((name) => [name, "v1"])),
  charts: { jupyterhub: "4.3.9" },
  provider: "5.99.0",
};
const templates = (stack: string) =>
  readdirSync(join(import.meta.dirname, "../../../templates/terraform", stack))
    .filter((file) => file.endsWith(".tf"))
    .map((file) => `terraform/${stack}/${file}`);
const render = (changes: Partial<HubConfig> = {}, recorded?: HubLock) => {
  const files = renderFiles({ ...config, ...changes }, recorded);
  const text = (path: string) => files.get(path) ?? `there is no ${path}`;
  return {
    paths: [...files.keys()].sort(),
    all: [...files.values()].join("\n"),
    text,
    variables: (stack: string) => JSON.parse(text(`terraform/${stack}/terraform.tfvars.json`)) as HubLock,
    values: (chart: string) => parse(text(`values/${chart}.yaml`)) as unknown,
  };
};

describe("a render", () => {
  it("holds both stacks and the values of every release", () => {
    expect(render().paths).toEqual(
      [
        ...["storage", "cluster"].flatMap((stack) => [
          ...templates(stack),
          `terraform/${stack}/deployment_override.tf.json`,
          `terraform/${stack}/terraform.tfvars.json`,
        ]),
        ...["hubctl-platform", "jupyterhub", "karpenter", "karpenter-crd"].map((chart) => `values/${chart}.yaml`),
      ].sort(),
    );
  });

  it("holds the plugin for GPUs only if a profile has some", () => {
    const gpu = { slug: "gpu", name: "GPU", description: "", default: false, gpus: 1, spot: false };
    const { paths } = render({ profiles: [{ ...gpu, instanceTypes: ["g4dn.xlarge"], environment: {} }] });
    expect(paths).toContain("values/nvidia-device-plugin.yaml");
  });

  it("names what only a first install finds out, and what only AWS knows", () => {
    const { variables, values } = render();
    expect(variables("storage")).toMatchObject({ deployment_id: "<lock.id>", account_id: "<lock.account>" });
    expect(variables("cluster")).toMatchObject({
      installer_arn: "<lock.installer>",
      zones: ["<lock.zones[0].name>", "<lock.zones[1].name>"],
      addon_versions: { coredns: "<lock.addons.coredns>" },
      core_nodes: { release_version: "<lock.nodeImage.release>" },
    });
    expect(values("hubctl-platform")).toMatchObject({ volumes: { fileSystemId: "<storage.file_system_id>" } });
    expect(values("karpenter")).toMatchObject({ settings: { clusterEndpoint: "<cluster.cluster_endpoint>" } });
  });

  it("has the configuration's account and versions, else those this hubctl was tested with, before there is a lock file", () => {
    const { aws, cluster, hub } = config;
    const { text, variables } = render({
      aws: { ...aws, accountId: "210987654321" },
      cluster: { ...cluster, kubernetesVersion: "1.35" },
      hub: { ...hub, chartVersion: "4.4.1" },
    });
    expect(variables("cluster")).toMatchObject({ account_id: "210987654321", kubernetes_version: "1.35" });
    expect(text("values/jupyterhub.yaml")).toMatch(/chart jupyterhub, version 4\.4\.1$/m);
    expect(render().variables("cluster")).toMatchObject({ kubernetes_version: "1.36" });
  });

  it("has what the lock file recorded", () => {
    const { all, text, variables } = render({}, lock);
    expect(variables("cluster")).toMatchObject({ deployment_id: lock.id, zones: ["us-east-2a", "us-east-2b"] });
    expect(text("values/jupyterhub.yaml")).toMatch(/chart jupyterhub, version 4\.3\.9$/m);
    expect(text("terraform/cluster/deployment_override.tf.json")).toContain('"= 5.99.0"');
    expect(all).not.toContain("<lock.");
  });

  it("names secrets, also those that hubctl makes", () => {
    const { all } = render();
    for (const name of ["clientId", "clientSecret", "cookieSecret", "cryptKeeperKey", "proxyToken"]) {
      expect(all).toContain(`<secret:${name}>`);
    }
    const auth: HubConfig["auth"] = { ...config.auth, method: "shared-password" };
    const shared = render({ auth }).all;
    for (const name of ["userPassword", "adminPassword"]) expect(shared).toContain(`<secret:${name}>`);
  });

  it("names the digest of a frozen image until it is recorded", () => {
    const image: HubConfig["image"] = { repository: "quay.io/a/user", tag: "1.0", freeze: true, pullPolicy: "auto" };
    const tagOf = (recorded?: HubLock) => (render({ image }, recorded).values("jupyterhub") as Hub).singleuser.image;
    expect(tagOf()).toMatchObject({ name: "quay.io/a/user@sha256", tag: "<lock.images.quay.io/a/user/1.0>" });
    const images = { "quay.io/a/user:1.0": `sha256:${"1".repeat(64)}` };
    expect(tagOf({ ...lock, images })).toMatchObject({ tag: "1".repeat(64) });
  });

  it("has the ids of a VPC that exists", () => {
    const existingVpc = { id: "vpc-1", nodeSubnets: ["subnet-a", "subnet-b"], loadBalancerSubnets: ["subnet-c"] };
    const { all, values, variables } = render({ network: { ...config.network, existingVpc } });
    expect(variables("cluster")).toMatchObject({ existing_vpc: { id: "vpc-1" } });
    expect(JSON.stringify(values("jupyterhub"))).toContain("subnet-c");
    expect(all).not.toMatch(/<cluster\.(vpc_id|p\w+_subnet_ids)/);
  });

  it("is the same text every time", () => {
    expect([...renderFiles(config, undefined)]).toEqual([...renderFiles(structuredClone(config), undefined)]);
  });
});

interface Hub {
  singleuser: { image: object };
}
