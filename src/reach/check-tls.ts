import type { Socket } from "node:net";
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { layerSeconds, type ReachCheck } from "./layer.ts";

const oneDay = 24 * 60 * 60 * 1000;
/** ACM renews its own 60 days ahead: what is left with fewer than this was not renewed. */
const fewDays = 30;

export interface Handshake {
  check: ReachCheck;
  /** Only where a browser would go on. */
  socket?: TLSSocket;
}

/** Shakes hands as a browser would, and says what is wrong with the certificate that is shown. */
export async function checkTls(
  socket: Socket,
  { domain, now, deployment }: { domain: string; now: Date; deployment: string },
): Promise<Handshake> {
  let tls: TLSSocket;
  try {
    tls = await shakeHands(socket, domain);
  } catch (error) {
    const text = `no TLS for ${domain}: ${error instanceof Error ? error.message : String(error)}`;
    const todo = `hubctl certificate --deployment ${deployment} tells whether there is one that fits`;
    return { check: { layer: "tls", state: "problem", text, todo } };
  }
  const check = judgeCertificate(tls.getPeerCertificate(), {
    domain,
    now,
    deployment,
    refusal: tls.authorizationError,
  });
  if (check.state !== "problem") return { check, socket: tls };
  tls.destroy();
  return { check };
}

/** Also with a certificate that is not to be trusted: what is wrong with it is told then. */
function shakeHands(socket: Socket, servername: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connect({ socket, servername, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
    tls.setTimeout(layerSeconds * 1000, () => tls.destroy(new Error(`no answer within ${layerSeconds} s`)));
    tls.once("error", reject).once("secureConnect", () => {
      tls.setTimeout(0);
      resolve(tls);
    });
    tls.once("close", () => reject(new Error("the connection was closed before the handshake was over")));
  });
}

interface Expected {
  domain: string;
  now: Date;
  deployment: string;
  /** Why the chain is not to be trusted. */
  refusal: Error | string | null;
}

function judgeCertificate(
  certificate: Pick<PeerCertificate, "valid_to" | "subject" | "subjectaltname" | "issuer">,
  { domain, now, deployment, refusal }: Expected,
): ReachCheck {
  const ends = new Date(certificate.valid_to);
  const daysLeft = Math.floor((ends.getTime() - now.getTime()) / oneDay);
  const day = Number.isNaN(ends.getTime()) ? "?" : ends.toISOString().slice(0, 10);
  const names = (certificate.subjectaltname ?? "").replaceAll("DNS:", "");
  const details = { names: names.split(", ").filter(Boolean), expires: certificate.valid_to, daysLeft };
  const problem = (text: string, todo: string): ReachCheck => ({ layer: "tls", state: "problem", text, todo, details });
  const look = `hubctl certificate --deployment ${deployment}`;
  if (checkServerIdentity(domain, certificate as PeerCertificate) !== undefined) {
    return problem(`the certificate is for ${names || "nobody"}, not for ${domain}`, look);
  }
  if (daysLeft < 0) return problem(`the certificate ended on ${day}`, look);
  if (refusal !== null) {
    const code = typeof refusal === "string" ? refusal : ((refusal as NodeJS.ErrnoException).code ?? refusal.message);
    return problem(
      `the certificate is not trusted here: ${code}`,
      `${look}; for an institute's own authority: NODE_EXTRA_CA_CERTS=FILE`,
    );
  }
  const text = `a certificate for ${names}, valid until ${day} (${daysLeft} days)`;
  if (daysLeft >= fewDays) return { layer: "tls", state: "ok", text, details };
  return { layer: "tls", state: "warning", text, todo: look, details };
}
