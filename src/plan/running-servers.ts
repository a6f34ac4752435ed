/** Users' servers, as they are now. */
export interface RunningServers {
  servers: number;
  users: string[];
  /** How many run on nodes of each of Karpenter's pools. */
  byNodePool: Record<string, number>;
}
