import {
  criticalAddons,
  daemonSet,
  deployment,
  disruptionBudget,
  imageOf,
  namespace,
  requests,
  serviceAccount,
  tolerateEverything,
} from "./workloads.ts";
import type { AddonContext } from "./workloads.ts";

export function vpcCni(version: string, context: AddonContext): object[] {
  const image = (repository: string) => imageOf(context.region, repository, version);
  const env = Object.entries(context.configuration.env ?? {}).map(([name, value]) => ({ name, value }));
  return [
    serviceAccount("aws-node", context.serviceAccountRoleArn),
    daemonSet({
      name: "aws-node",
      labels: { "app.kubernetes.io/name": "aws-node", "k8s-app": "aws-node" },
      serviceAccount: "aws-node",
      priorityClass: "system-node-critical",
      hostNetwork: true,
      gracePeriodSeconds: 10,
      tolerations: tolerateEverything,
      initContainers: [{ name: "aws-vpc-cni-init", image: image("amazon-k8s-cni-init"), resources: requests("25m") }],
      containers: [
        { name: "aws-node", image: image("amazon-k8s-cni"), env, resources: requests("25m") },
        { name: "aws-eks-nodeagent", image: image("aws-network-policy-agent"), resources: requests("25m") },
      ],
    }),
  ];
}

export function kubeProxy(version: string, context: AddonContext): object[] {
  return [
    serviceAccount("kube-proxy"),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-proxy-config", namespace, labels: { "k8s-app": "kube-proxy" } },
      data: { config: "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: iptables\n" },
    },
    daemonSet({
      name: "kube-proxy",
      labels: { "k8s-app": "kube-proxy" },
      serviceAccount: "kube-proxy",
      priorityClass: "system-node-critical",
      hostNetwork: true,
      tolerations: tolerateEverything,
      containers: [
        {
          name: "kube-proxy",
          image: imageOf(context.region, "kube-proxy", version),
          command: ["kube-proxy", "--v=2", "--config=/var/lib/kube-proxy-config/config"],
          resources: requests("100m"),
          volumeMounts: [{ name: "config", mountPath: "/var/lib/kube-proxy-config/" }],
        },
      ],
      volumes: [{ name: "config", configMap: { name: "kube-proxy-config" } }],
    }),
  ];
}

const corefile = `.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`;

export function coreDns(version: string, context: AddonContext): object[] {
  const labels = { "eks.amazonaws.com/component": "coredns", "k8s-app": "kube-dns" };
  return [
    serviceAccount("coredns"),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "coredns", namespace, labels },
      data: { Corefile: corefile },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "kube-dns",
        namespace,
        labels: { ...labels, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      },
      spec: {
        clusterIP: context.dnsAddress,
        selector: { "k8s-app": "kube-dns" },
        ports: [
          { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
          { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
          { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
        ],
      },
    },
    disruptionBudget("coredns", labels),
    deployment({
      name: "coredns",
      labels,
      serviceAccount: "coredns",
      priorityClass: "system-cluster-critical",
      tolerations: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }, criticalAddons],
      placement: context.configuration,
      containers: [
        {
          name: "coredns",
          image: imageOf(context.region, "coredns", version),
          args: ["-conf", "/etc/coredns/Corefile"],
          ports: [
            { name: "dns", containerPort: 53, protocol: "UDP" },
            { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
            { name: "metrics", containerPort: 9153, protocol: "TCP" },
          ],
          readinessProbe: { httpGet: { path: "/ready", port: 8181 } },
          resources: context.configuration.resources ?? requests("100m", "70Mi", "170Mi"),
          volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
        },
      ],
      volumes: [{ name: "config-volume", configMap: { name: "coredns" } }],
    }),
  ];
}

export function podIdentityAgent(version: string, context: AddonContext): object[] {
  return [
    serviceAccount("eks-pod-identity-agent"),
    daemonSet({
      name: "eks-pod-identity-agent",
      labels: { "app.kubernetes.io/name": "eks-pod-identity-agent" },
      serviceAccount: "eks-pod-identity-agent",
      priorityClass: "system-node-critical",
      hostNetwork: true,
      tolerations: tolerateEverything,
      containers: [
        {
          name: "eks-pod-identity-agent",
          image: imageOf(context.region, "eks-pod-identity-agent", version),
          args: ["server", "--port", "80", "--cluster-name", context.cluster, "--probe-port", "2703"],
        },
      ],
    }),
  ];
}

/** Without its APIService: the sandbox measures nothing, and an API that never answers blocks namespace deletion. */
export function metricsServer(version: string, context: AddonContext): object[] {
  const labels = { "app.kubernetes.io/name": "metrics-server", "app.kubernetes.io/instance": "metrics-server" };
  return [
    serviceAccount("metrics-server"),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "metrics-server", namespace, labels },
      spec: { selector: labels, ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: "https" }] },
    },
    disruptionBudget("metrics-server", labels),
    deployment({
      name: "metrics-server",
      labels,
      serviceAccount: "metrics-server",
      priorityClass: "system-cluster-critical",
      tolerations: [criticalAddons],
      replicas: context.configuration.replicas ?? 2,
      placement: context.configuration,
      containers: [
        {
          name: "metrics-server",
          image: imageOf(context.region, "metrics-server", version),
          ports: [{ name: "https", containerPort: 10251, protocol: "TCP" }],
          resources: context.configuration.resources ?? requests("100m", "200Mi", "400Mi"),
        },
      ],
    }),
  ];
}
