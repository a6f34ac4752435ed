import { expect, test } from "vitest";
import { namesProvider } from "../../../src/steps/terraform-override.ts";

// As Terraform and OpenTofu write it.
const checksums = (host: string) => `# This file is maintained automatically by "terraform init".

provider "${host}/hashicorp/aws" {
  version     = "5.100.0"
  constraints = "5.100.0"
  hashes = [
    "h1:Ijt7pOlB7Tr7maGQIqtsLFbl7pSMIj06TVdkoSBcYOw=",
  ]
}
`;

test.each(["registry.terraform.io", "registry.opentofu.org"])("knows the provider's version of %s", (host) => {
  expect(namesProvider(checksums(host), "5.100.0")).toBe(true);
  expect(namesProvider(checksums(host), "6.64.0")).toBe(false);
});

test("another provider, or none, is not hashicorp/aws", () => {
  expect(namesProvider(checksums("x.example").replace("hashicorp", "other"), "5.100.0")).toBe(false);
  expect(namesProvider("", "5.100.0")).toBe(false);
});
