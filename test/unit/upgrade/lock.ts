import type { HubLock } from "../../../src/config/hub-lock.ts";
import type { Offers, OffersFor } from "../../../src/upgrade/offers.ts";
import { testedVersions } from "../../../src/versions.ts";

/** What a deployment has recorded that was installed some months ago. */
export function lockOf(changes: Partial<HubLock> = {}): HubLock {
  return {
    hubctl: "0.1.0",
    id: "3f1c9a52",
    account: "123456789012",
    region: "us-east-2",
    installer: "arn:aws:iam::123456789012:user/operator",
    kubernetes: "1.34",
    addons: { coredns: "v1.12.4-eksbuild.10", "kube-proxy": "v1.34.8-eksbuild.2" },
    nodeImage: { release: "1.34.8-20261023", alias: "al2023@v20261023" },
    zones: [{ id: "use2-az1", name: "us-east-2a" }],
    charts: { jupyterhub: "4.3.3", karpenter: "1.13.0", "karpenter-crd": "1.13.0", "nvidia-device-plugin": "0.20.0" },
    provider: testedVersions.provider,
    ...changes,
  };
}

const coredns: Record<string, string> = {
  "1.34": "v1.12.4-eksbuild.10",
  "1.35": "v1.13.2-eksbuild.6",
  "1.36": "v1.14.2-eksbuild.3",
};

export function offersFor(version: string, changes: Partial<OffersFor> = {}): OffersFor {
  const proxy = `v${version}.9-eksbuild.1`;
  return {
    addons: {
      coredns: { preferred: coredns[version] ?? "v9", fitting: [coredns[version] ?? "v9", "v1.12.9-eksbuild.1"] },
      "kube-proxy": { preferred: proxy, fitting: [proxy] },
    },
    nodeImage: { release: `${version}.9-20261110`, alias: "al2023@v20261110" },
    hasRecordedImage: true,
    ...changes,
  };
}

export function offersOf(byKubernetes: Offers["byKubernetes"] = {}): Offers {
  return {
    kubernetes: [
      { version: "1.36", support: "standard" },
      { version: "1.35", support: "standard" },
      { version: "1.34", support: "extended" },
    ],
    byKubernetes: { "1.34": offersFor("1.34"), "1.35": offersFor("1.35"), "1.36": offersFor("1.36"), ...byKubernetes },
  };
}
