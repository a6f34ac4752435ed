import { applyObject, kubectl } from "./break-world.ts";
import { eventually } from "./eventually.ts";
import type { InstalledWorld } from "./installed-world.ts";

/** Puts a user into the hub's database, as a login does. */
export async function addHubUser(world: InstalledWorld, user: string): Promise<void> {
  await runOnDatabase(world, [
    `connection.execute("INSERT INTO users (name, admin, cookie_id) VALUES (?, 0, ?)", ("${user}", "cookie-of-${user}"))`,
    "connection.commit()",
  ]);
}

/** Fails unless these are the hub's users, with their cookies. */
export async function expectHubUsers(world: InstalledWorld, users: readonly string[]): Promise<void> {
  const wanted = users.map((user) => `("${user}", "cookie-of-${user}")`).join(", ");
  await runOnDatabase(world, [
    `rows = connection.execute("SELECT name, cookie_id FROM users ORDER BY name").fetchall()`,
    `assert rows == [${wanted}], f"these are in the database: {rows}"`,
  ]);
}

/** Runs Python in a pod of the hub's image that mounts the hub's disk; fails with what it says. */
async function runOnDatabase(world: InstalledWorld, lines: readonly string[]): Promise<void> {
  const at = ["-n", "jupyterhub"];
  const image = await kubectl(
    world,
    ...["get", "deployment/hub", ...at, "-o", "jsonpath={.spec.template.spec.containers[0].image}"],
  );
  const source = ["import os, sqlite3", 'connection = sqlite3.connect(os.environ["DATABASE"])', ...lines].join("\n");
  await applyObject(world, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "rows", namespace: "jupyterhub" },
    spec: {
      restartPolicy: "Never",
      // The disk can be attached to one node only.
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: { component: "hub" } }, topologyKey: "kubernetes.io/hostname" },
          ],
        },
      },
      tolerations: [{ key: "hub.jupyter.org/dedicated", value: "core", effect: "NoSchedule" }],
      containers: [
        {
          name: "rows",
          image,
          command: ["python3", "-c", source],
          env: [{ name: "DATABASE", value: "/srv/jupyterhub/jupyterhub.sqlite" }],
          terminationMessagePolicy: "FallbackToLogsOnError",
          volumeMounts: [{ name: "database", mountPath: "/srv/jupyterhub" }],
        },
      ],
      volumes: [{ name: "database", persistentVolumeClaim: { claimName: "hub-db-dir" } }],
    },
  });
  const { phase, containerStatuses } = await eventually("the rows' pod to end", async () => {
    const { status } = JSON.parse(await kubectl(world, "get", "pod/rows", ...at, "-o", "json")) as Pod;
    return (status.phase === "Succeeded" || status.phase === "Failed") && status;
  });
  await kubectl(world, "delete", "pod/rows", ...at);
  if (phase !== "Succeeded")
    throw new Error(containerStatuses?.[0]?.state.terminated?.message ?? "the rows' pod failed");
}

interface Pod {
  status: {
    phase: string;
    containerStatuses?: { state: { terminated?: { message?: string } } }[];
  };
}
