/** An image's repository as a registry knows it. */
export interface ImageRepository {
  /** Host, with the port if it names one. */
  registry: string;
  path: string;
}

/** An image for several architectures is an index; a registry that is not told so answers with one of its manifests. */
export const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Docker Hub's API has another host than its images' names. */
const dockerHub = "registry-1.docker.io";

/**
 * "quay.io/jupyter/base-notebook", "jupyterhub/k8s-hub" (Docker Hub), "debian" (Docker Hub's own).
 * The first part is a host if it could be nothing else: https://pkg.go.dev/github.com/distribution/reference
 */
export function parseRepository(repository: string): ImageRepository {
  const slash = repository.indexOf("/");
  const first = slash === -1 ? "" : repository.slice(0, slash);
  const isHost = first === "localhost" || /[.:]/.test(first);
  if (isHost && first !== "docker.io" && first !== "index.docker.io") {
    return { registry: first, path: repository.slice(slash + 1) };
  }
  const path = isHost ? repository.slice(slash + 1) : repository;
  return { registry: dockerHub, path: path.includes("/") ? path : `library/${path}` };
}

export interface EcrRepository {
  account: string;
  region: string;
  name: string;
}

/** Amazon ECR's private registries take no anonymous requests; undefined for every other one. */
export function parseEcrRepository(repository: string): EcrRepository | undefined {
  const { registry, path } = parseRepository(repository);
  const [, account, region] =
    /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(registry) ?? [];
  return account === undefined || region === undefined ? undefined : { account, region, name: path };
}
