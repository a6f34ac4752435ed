import { describe, expect, it } from "vitest";
import { parseEcrRepository, parseRepository } from "../../../src/images/reference.ts";

describe("an image's repository", () => {
  it.each([
    ["debian", "registry-1.docker.io", "library/debian"],
    ["jupyter/base-notebook", "registry-1.docker.io", "jupyter/base-notebook"],
    ["docker.io/jupyter/base-notebook", "registry-1.docker.io", "jupyter/base-notebook"],
    ["docker.io/debian", "registry-1.docker.io", "library/debian"],
    ["index.docker.io/library/debian", "registry-1.docker.io", "library/debian"],
    ["quay.io/jupyter/scipy-notebook", "quay.io", "jupyter/scipy-notebook"],
    ["ghcr.io/2i2c-org/a/b", "ghcr.io", "2i2c-org/a/b"],
    ["public.ecr.aws/karpenter/controller", "public.ecr.aws", "karpenter/controller"],
    ["registry:5000/team/hub", "registry:5000", "team/hub"],
    ["localhost/hub", "localhost", "hub"],
  ])("%s is %s's %s", (repository, registry, path) => {
    expect(parseRepository(repository)).toEqual({ registry, path });
  });

  it("of ECR tells account and region", () => {
    expect(parseEcrRepository("123456789012.dkr.ecr.us-west-2.amazonaws.com/hub/user")).toEqual({
      account: "123456789012",
      region: "us-west-2",
      name: "hub/user",
    });
    expect(parseEcrRepository("public.ecr.aws/karpenter/controller")).toBeUndefined();
    expect(parseEcrRepository("123456789012.dkr.ecr.us-west-2.amazonaws.com.example.org/hub")).toBeUndefined();
  });
});
