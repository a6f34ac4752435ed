import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Binaries } from "./binaries/index.ts";
import { providerPath } from "./binaries/provider-mirror.ts";

/** Writes Terraform's CLI config of a sandbox: the provider from the mirror, if there is one, all else as usual. */
export function writeTerraformConfig(
  dir: string,
  { terraform, terraformProviders }: Pick<Binaries, "terraform" | "terraformProviders">,
): string {
  const file = join(dir, "terraform.rc");
  const isTofu = basename(terraform).startsWith("tofu");
  const mirror = isTofu && terraformProviders !== undefined ? tofuMirror(dir, terraformProviders) : terraformProviders;
  const source = isTofu ? tofuProviderPath : providerPath;
  writeFileSync(file, terraformConfig(mirror, source), { mode: 0o600 });
  return file;
}

export function terraformConfig(mirror: string | undefined, source: string): string {
  // An empty block keeps Terraform from looking at the user's own mirrors.
  if (mirror === undefined) return "provider_installation {\n  direct {}\n}\n";
  return [
    "provider_installation {",
    "  filesystem_mirror {",
    `    path    = ${JSON.stringify(mirror)}`,
    `    include = [${JSON.stringify(source)}]`,
    "  }",
    "  direct {",
    `    exclude = [${JSON.stringify(source)}]`,
    "  }",
    "}",
    "",
  ].join("\n");
}

const tofuProviderPath = "registry.opentofu.org/hashicorp/aws";

/**
 * OpenTofu looks for the same provider under its own registry's name. It follows links only where the program itself
 * lies, so each platform of each version gets one.
 */
function tofuMirror(dir: string, terraformProviders: string): string {
  const mirror = join(dir, "providers");
  const source = join(terraformProviders, providerPath);
  for (const version of readdirSync(source, { withFileTypes: true })) {
    const places = version.isDirectory()
      ? readdirSync(join(source, version.name)).map((platform) => join(version.name, platform))
      : [version.name];
    for (const place of places) {
      const link = join(mirror, tofuProviderPath, place);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(source, place), link);
    }
  }
  return mirror;
}
