const prefix = "k8s-aws-v1.";
const longestToken = 4096;
const longestLifetimeSeconds = 900;

const allowedParameters = new Set([
  "action",
  "version",
  "x-amz-algorithm",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-expires",
  "x-amz-security-token",
  "x-amz-signature",
  "x-amz-signedheaders",
]);

/**
 * The presigned sts:GetCallerIdentity request in a login token, after the checks that EKS makes before it sends it to
 * STS; throws with the reason. The signature and its age are STS' business.
 */
export function readLoginToken(token: string, region: string): string {
  if (token.length > longestToken) throw new Error("the token is too long");
  if (!token.startsWith(prefix)) throw new Error(`the token does not begin with ${prefix}`);
  const encoded = token.slice(prefix.length);
  if (!/^[\w-]+$/.test(encoded)) throw new Error("the token is not base64url without padding");
  const text = Buffer.from(encoded, "base64url").toString("utf8");
  if (!URL.canParse(text)) throw new Error("the token holds no URL");
  const url = new URL(text);
  if (url.protocol !== "https:") throw new Error(`the scheme is ${url.protocol}, not https`);
  const stsRegion = regionOfStsHost(url.host);
  // Clients sign for a region of their own, which need not be the cluster's.
  if (stsRegion === undefined || partitionOf(stsRegion) !== partitionOf(region)) {
    throw new Error(`${url.host} is no regional STS host that serves ${region}`);
  }
  if (url.pathname !== "/") throw new Error(`the path is ${url.pathname}, not /`);
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    throw new Error("the URL has parts it may not have");
  checkParameters(url.searchParams, stsRegion);
  return text;
}

/** The region of an STS host, "sts.us-east-2.amazonaws.com"; the old global host has none and is not accepted. */
function regionOfStsHost(host: string): string | undefined {
  const region = /^sts(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(host)?.[1];
  if (region === undefined) return undefined;
  const suffixes = region.startsWith("cn-")
    ? ["amazonaws.com.cn", "api.amazonwebservices.com.cn"]
    : ["amazonaws.com", "api.aws"];
  return suffixes.some((suffix) => host.endsWith(`.${region}.${suffix}`)) ? region : undefined;
}

function partitionOf(region: string): string {
  return /^(cn|us-gov|us-iso[a-z]*|eu-isoe)-/.exec(region)?.[1] ?? "aws";
}

function checkParameters(parameters: URLSearchParams, stsRegion: string): void {
  const values = new Map<string, string>();
  for (const [name, value] of parameters) {
    const key = name.toLowerCase();
    if (!allowedParameters.has(key)) throw new Error(`the query parameter ${name} is not allowed`);
    if (values.has(key)) throw new Error(`the query parameter ${name} is given twice`);
    values.set(key, value);
  }
  if (values.get("action") !== "GetCallerIdentity") throw new Error("the action is not GetCallerIdentity");
  const signed = values.get("x-amz-signedheaders")?.split(";") ?? [];
  if (!signed.includes("x-k8s-aws-id")) throw new Error("x-k8s-aws-id is not among the signed headers");
  const expires = values.get("x-amz-expires") ?? "";
  if (!/^\d+$/.test(expires) || Number(expires) > longestLifetimeSeconds) {
    throw new Error(`X-Amz-Expires is ${expires || "missing"}, not 0 to ${longestLifetimeSeconds}`);
  }
  const scope = values.get("x-amz-credential")?.split("/").slice(2).join("/");
  if (scope !== `${stsRegion}/sts/aws4_request`) throw new Error(`the credential scope is ${scope ?? "missing"}`);
  if (values.get("x-amz-date") === undefined) throw new Error("X-Amz-Date is missing");
}
