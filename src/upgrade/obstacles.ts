/** Something that speaks against a move from one version to another. */
export interface Obstacle {
  /** The move would end in trouble; what does not block is only said. */
  blocks: boolean;
  text: string;
  /** What to do about it, as a command or one sentence. */
  todo?: string;
}
