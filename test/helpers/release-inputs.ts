import type { HubConfig } from "../../src/config/hub-config.ts";
import type { ReleaseInputs } from "../../src/releases/inputs.ts";

type Changes = Partial<Pick<ReleaseInputs, "secrets">> & { config?: Partial<HubConfig> };

/** Inputs of a hub with GitHub login, but for what is changed. */
export function releaseInputs({ config, secrets }: Changes = {}): ReleaseInputs {
  return {
    config: {
      name: "dandihub",
      aws: { region: "us-east-2", rolePath: "/", namePrefix: "" },
      domain: "hub.example.org",
      certificate: "arn:aws:acm:us-east-2:123456789012:certificate/0d3a6bd4-0000-4000-8000-000000000000",
      tags: { Project: "archive" },
      network: {
        vpc: { cidr: "10.0.0.0/16", zones: 2, nat: "one" },
        allowFrom: ["192.0.2.0/24"],
        internal: false,
        apiAccess: ["0.0.0.0/0"],
      },
      cluster: {
        supportPolicy: "STANDARD",
        coreNodes: { instanceType: "m6i.large", min: 1, max: 2, desired: 1, volumeSizeGiB: 50 },
      },
      storage: {
        home: { type: "efs" },
        sharedFolders: [{ name: "shared", mountPath: "/shared", writers: "everyone" }],
        buckets: [],
        backups: { enabled: true, keepDays: 30 },
        encryptionKey: "aws",
      },
      users: {
        maxVcpus: 64,
        cpu: { guarantee: 0.5, limit: 2 },
        memoryGiB: { guarantee: 1, limit: 8 },
        environment: {},
        pullRepositories: [],
        files: [],
      },
      image: { repository: "example/notebook", tag: "latest", freeze: false, pullPolicy: "auto" },
      profiles: [],
      culling: { enabled: true, idleMinutes: 60 },
      hub: { values: {}, extraConfig: {} },
      auth: {
        method: "github",
        admins: ["grace", "ada"],
        allowedUsers: ["linus", "ada"],
        allowedOrganizations: [],
        allowAll: false,
        allowAddedUsers: false,
      },
      ...config,
    },
    lock: {
      hubctl: "0.1.0",
      id: "3f1c9a52",
      account: "123456789012",
      region: "us-east-2",
      installer: "arn:aws:iam::123456789012:user/operator",
      kubernetes: "1.36",
      addons: {},
      nodeImage: { release: "1.36.1-20261110", alias: "al2023@v20261110" },
      zones: [
        { id: "use2-az1", name: "us-east-2a" },
        { id: "use2-az2", name: "us-east-2b" },
      ],
      charts: {},
      provider: "5.100.0",
    },
    secrets: secrets ?? {
      clientId: "github-client-id",
      clientSecret: "github-client-secret",
    },
    generated: {
      cookieSecret: "a".repeat(64),
      cryptKeeperKey: "b".repeat(64),
      proxyToken: "c".repeat(64),
    },
    storage: {
      file_system_id: "fs-0123456789abcdef0",
      home_access_point_id: "fsap-0123456789abcdef0",
      shared_access_point_ids: { shared: "fsap-0123456789abcdef1" },
      hub_database_access_point_id: "fsap-0123456789abcdef2",
      generated_secret_arn: "arn:aws:secretsmanager:us-east-2:123456789012:secret:dandihub-generated",
    },
    cluster: {
      cluster_name: "dandihub",
      cluster_endpoint: "https://dandihub.example.eks.amazonaws.com",
      cluster_security_group_id: "sg-0123456789abcdef0",
      vpc_id: "vpc-0123456789abcdef0",
      private_subnet_ids: ["subnet-0aaa", "subnet-0bbb"],
      public_subnet_ids: ["subnet-0ccc", "subnet-0ddd"],
      subnet_by_zone: { "us-east-2a": "subnet-0aaa", "us-east-2b": "subnet-0bbb" },
      core_zone: "us-east-2a",
      node_role_name: "dandihub-3f1c9a52-user-node",
      karpenter_queue_name: "dandihub-karpenter",
      karpenter_instance_profile: "dandihub-3f1c9a52-user-node",
      efs_security_group_id: "sg-0123456789abcdef1",
    },
    certificateArn: "arn:aws:acm:us-east-2:123456789012:certificate/0d3a6bd4-0000-4000-8000-000000000000",
  };
}
