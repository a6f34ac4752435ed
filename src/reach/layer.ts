/** What lies between a browser and the hub, in the order in which it is passed. */
type ReachLayer = "dns" | "proxy" | "connection" | "tls" | "hub";

/** What one layer answered. The first that is not well is the one at fault: those behind it are not asked. */
export interface ReachCheck {
  layer: ReachLayer;
  state: "ok" | "warning" | "problem" | "unknown";
  text: string;
  /** A command, or one sentence. */
  todo?: string;
  details?: Record<string, unknown>;
}

/** How long a layer gets. */
export const layerSeconds = 10;
