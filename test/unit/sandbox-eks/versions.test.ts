import { describe, expect, it } from "vitest";
import { addonDefinitions, defaultAddonVersion } from "../../../sandbox/aws/eks/addon-versions.ts";
import {
  defaultMinor,
  findMinor,
  kubeletVersionOf,
  minorVersions,
  optimizedAmiParameters,
  optimizedAmis,
  supportStatus,
  tableDate,
} from "../../../sandbox/aws/eks/versions.ts";

const names = optimizedAmiParameters().map(({ name }) => name);

describe("the node images", () => {
  // The paths of Karpenter 1.14: pkg/providers/amifamily/al2023.go.
  it.each(["x86_64/standard", "x86_64/nvidia", "x86_64/neuron", "arm64/standard", "arm64/nvidia"])(
    "of %s are found by Karpenter under an alias with a date and under the newest",
    (kind) => {
      const base = `/aws/service/eks/optimized-ami/1.36/amazon-linux-2023/${kind}`;
      const dated = `amazon-eks-node-al2023-${kind.replace("/", "-")}-1.36-v20261110`;
      expect(names).toContain(`${base}/${dated}/image_id`);
      expect(names).toContain(`${base}/recommended/image_id`);
      const valueOf = (folder: string) =>
        optimizedAmiParameters().find(({ name }) => name === `${base}/${folder}/image_id`)?.value;
      expect(valueOf("recommended")).toBe(valueOf(dated));
    },
  );

  it("have ids of their own, in EC2's form", () => {
    const ids = optimizedAmis().map(({ imageId }) => imageId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^ami-[0-9a-f]{17}$/.test(id))).toBe(true);
  });

  it("of a day before a minor's release do not exist", () => {
    const minorsOf = (day: string) =>
      [...new Set(optimizedAmis().flatMap(({ date, minor }) => (date === day ? [minor] : [])))].sort();
    expect(minorsOf("20261110")).toEqual(["1.33", "1.34", "1.35", "1.36"]);
    expect(minorsOf("20260504")).toEqual(["1.33", "1.34", "1.35"]);
  });

  it("bring a kubelet of their own", () => {
    const image = optimizedAmis().find(({ releaseVersion }) => releaseVersion === "1.35.5-20261110");
    expect(kubeletVersionOf(image?.imageId ?? "")).toBe("v1.35.5-eks-3a10415");
    expect(kubeletVersionOf("ami-0123456789abcdef0")).toBeUndefined();
  });

  it("tell the release version of a node group", () => {
    const base = "/aws/service/eks/optimized-ami/1.36/amazon-linux-2023/x86_64/standard/recommended";
    expect(optimizedAmiParameters()).toContainEqual({ name: `${base}/release_version`, value: "1.36.1-20261110" });
  });
});

describe("the versions of Kubernetes", () => {
  it("are supported as of the table's date, the oldest at the extended price", () => {
    const statuses = Object.fromEntries(
      minorVersions.map((version) => [version.minor, supportStatus(version, Date.parse(tableDate))]),
    );
    expect(statuses).toEqual({
      "1.36": "STANDARD_SUPPORT",
      "1.35": "STANDARD_SUPPORT",
      "1.34": "STANDARD_SUPPORT",
      "1.33": "EXTENDED_SUPPORT",
    });
  });

  it("pass to extended and to no support on the days that the table names", () => {
    const version = findMinor("1.34")!;
    expect(supportStatus(version, Date.parse("2026-12-01"))).toBe("STANDARD_SUPPORT");
    expect(supportStatus(version, Date.parse("2026-12-02"))).toBe("EXTENDED_SUPPORT");
    expect(supportStatus(version, Date.parse("2027-12-02"))).toBe("UNSUPPORTED");
  });

  it("have a default among them", () => expect(findMinor(defaultMinor)).toBeDefined());
});

describe.each(addonDefinitions)("the add-on $name", (definition) => {
  it.each(minorVersions)("has one default for $minor, which fits it", ({ minor }) => {
    const defaults = definition.versions.filter(({ defaultFor }) => defaultFor.includes(minor));
    expect(defaults).toHaveLength(1);
    expect(defaults[0]?.minors).toContain(minor);
    expect(defaultAddonVersion(definition, minor)).toBe(defaults[0]?.version);
  });
});
