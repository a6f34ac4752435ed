import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { devicePlugin } from "../../../src/releases/device-plugin.ts";
import { hub } from "../../../src/releases/hub.ts";
import type { ReleaseInputs } from "../../../src/releases/inputs.ts";
import { karpenter } from "../../../src/releases/karpenter.ts";
import { mergeValues } from "../../../src/config/layers.ts";
import { platform } from "../../../src/releases/platform.ts";
import type { Release } from "../../../src/releases/release.ts";
import { anyHubConfig } from "../../helpers/any-hub-file.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const root = join(import.meta.dirname, "../../..");
const secrets = {
  clientId: "the OAuth client's id",
  clientSecret: "the OAuth client's secret",
  userPassword: "eight or more",
  adminPassword: "thirty-two characters or even more",
};

/** Making a configuration takes longer than all that is done with it. */
const fewRuns = { numRuns: 40 };

function inputsOf(config: HubConfig): ReleaseInputs {
  const inputs = releaseInputs({ config, secrets });
  const points = config.storage.sharedFolders.map(({ name }, index) => [name, `fsap-0${index}`]);
  return {
    ...inputs,
    storage: { ...inputs.storage, shared_access_point_ids: Object.fromEntries(points) as Record<string, string> },
  };
}

/** Says what Helm would say of values: the chart's own are filled in, and what is null is taken away, before its schema looks. */
function chartSchema(folder: string): (values: Record<string, unknown>) => string {
  const read = (file: string) => readFileSync(join(root, folder, file), "utf8");
  const defaults = parse(read("values.yaml")) as Record<string, unknown>;
  const schema = z.fromJSONSchema(JSON.parse(read("values.schema.json"), readable) as z.core.JSONSchema.JSONSchema);
  return (values) => {
    const { error } = schema.safeParse(withoutNulls(mergeValues(defaults, values)));
    return error === undefined ? "" : z.prettifyError(error);
  };
}

/**
 * The reader knows no conditions (the charts have one, of a pull secret, which hubctl never makes), and looks at required
 * keys only where their types are said.
 */
function readable(key: string, value: unknown): unknown {
  if (key === "if" || key === "then") return undefined;
  if (key !== "oneOf") return value;
  return (value as { required: string[] }[]).map(({ required }) => {
    const properties = Object.fromEntries(required.map((name) => [name, { type: ["object", "string"] }]));
    return { type: "object", required, properties };
  });
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(kept.map(([name, part]) => [name, withoutNulls(part)]));
}

describe("any configuration that is accepted", () => {
  test.each<[string, Release, string]>([
    ["hub", hub, "sandbox/charts/jupyterhub"],
    ["platform", platform, "templates/charts/platform"],
  ])(
    "gives values that the chart of the %s accepts, with a key for nothing that it does not know",
    (_, release, folder) => {
      const complaints = chartSchema(folder);
      fc.assert(
        fc.property(anyHubConfig, (config) => {
          expect(complaints(release.values(inputsOf(config)))).toBe("");
        }),
        fewRuns,
      );
      expect(complaints({ ...release.values(inputsOf(releaseInputs().config)), misspelt: 1 })).toContain("misspelt");
    },
  );

  test("gives the same text every time, and keeps it when it goes through JSON", () => {
    fc.assert(
      fc.property(anyHubConfig, (config) => {
        for (const release of [hub, platform, karpenter]) {
          const text = JSON.stringify(release.values(inputsOf(config)));
          expect(JSON.stringify(release.values(inputsOf(structuredClone(config))))).toBe(text);
          expect(JSON.parse(text)).toEqual(release.values(inputsOf(config)));
        }
      }),
      fewRuns,
    );
  });

  test("gives every server a pool that takes it, and every pool a server", () => {
    interface Override {
      node_selector?: Record<string, string>;
      tolerations?: { key: string }[];
    }
    fc.assert(
      fc.property(anyHubConfig, (config) => {
        const { singleuser } = hub.values(inputsOf(config)) as {
          singleuser: { profileList?: { slug: string; kubespawner_override: Override }[] };
        };
        const { nodes } = platform.values(inputsOf(config)) as {
          nodes: { pools: { name: string; profile?: string; gpus: boolean }[] };
        };
        const chosen = (singleuser.profileList ?? []).map(
          ({ kubespawner_override: override }) => override.node_selector?.["hub.jupyter.org/profile"],
        );
        const owners = nodes.pools.map(({ profile }) => profile).filter((profile) => profile !== undefined);
        expect(chosen.filter((profile) => profile !== undefined)).toEqual(owners);
        expect(new Set(nodes.pools.map(({ name }) => name)).size).toBe(nodes.pools.length);
      }),
      fewRuns,
    );
  });

  test("keeps secrets out of every release but the hub's", () => {
    fc.assert(
      fc.property(anyHubConfig, (config) => {
        const inputs = inputsOf(config);
        const others = [karpenter, platform, devicePlugin].map((release) => JSON.stringify(release.values(inputs)));
        for (const secret of Object.values({ ...secrets, ...inputs.generated })) {
          expect(others.join()).not.toContain(secret);
        }
      }),
      fewRuns,
    );
  });
});
