import { describe, expect, it } from "vitest";
import type { HubConfig, Profile } from "../../../src/config/hub-config.ts";
import { frozenImages, resolveMissing } from "../../../src/images/frozen-images.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const { config } = releaseInputs();
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const profile = (slug: string, image?: Profile["image"]): Profile => ({
  slug,
  name: slug,
  description: "",
  default: false,
  gpus: 0,
  spot: false,
  instanceTypes: [],
  environment: {},
  ...(image && { image }),
});
const frozen: HubConfig = {
  ...config,
  image: { repository: "quay.io/a/user", tag: "2026", freeze: true, pullPolicy: "auto" },
  profiles: [
    profile("plain"),
    profile("same", { repository: "quay.io/a/user", tag: "2026" }),
    profile("gpu", { repository: "quay.io/a/gpu", tag: "2026" }),
    profile("fixed", { repository: "quay.io/a/fixed", tag: "2026", digest: digest("f") }),
    profile("untagged", { repository: "quay.io/a/untagged" }),
  ],
  hub: { ...config.hub, image: { repository: "quay.io/a/hub", tag: "4.4.1" } },
};

describe("the images whose digests are recorded", () => {
  it("are none unless the configuration asks for it", () => {
    expect(frozenImages({ ...frozen, image: { ...frozen.image, freeze: false } })).toEqual([]);
  });

  it("are those of users, profiles and hub, each once, without those that have a digest already", () => {
    expect(frozenImages(frozen)).toEqual([
      { repository: "quay.io/a/user", tag: "2026" },
      { repository: "quay.io/a/gpu", tag: "2026" },
      { repository: "quay.io/a/untagged", tag: "latest" },
      { repository: "quay.io/a/hub", tag: "4.4.1" },
    ]);
  });

  it("are asked for only where the lock file has none, and never anew", async () => {
    const asked: string[] = [];
    const known = { "quay.io/a/user:2026": digest("1"), "quay.io/a/hub:4.4.1": digest("2") };
    const found = await resolveMissing(frozenImages(frozen), known, ({ repository }) => {
      asked.push(repository);
      return Promise.resolve(digest("3"));
    });
    expect(asked).toEqual(["quay.io/a/gpu", "quay.io/a/untagged"]);
    expect(found).toEqual({ "quay.io/a/gpu:2026": digest("3"), "quay.io/a/untagged:latest": digest("3") });
  });
});
